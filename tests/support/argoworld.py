"""An Argo CD of the tests' own: every order in which Applications may sync is tried, state by state."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Fact = tuple[str, str]
State = frozenset[Fact]
_WAVE = "argocd.argoproj.io/sync-wave"
_CRD = "CustomResourceDefinition/gadgets.example.com"
_SHOP = "Namespace/shop"


def identity(item: dict[str, Any]) -> str:
    """``Kind/name``."""
    return f"{item['kind']}/{item['metadata']['name']}"


def _wave(item: dict[str, Any]) -> int:
    return int(item["metadata"].get("annotations", {}).get(_WAVE, "0"))


@dataclass
class ArgoWorld:
    """``objects`` by Application, ``by_hand`` those that a person applies; ``gates`` as argocd-cm says."""

    by_hand: list[dict[str, Any]]
    objects: dict[str, list[dict[str, Any]]]
    gates: bool
    unmeshed: set[str] = field(default_factory=set)
    meshed: set[str] = field(default_factory=set)
    last: State = frozenset()

    def run(self) -> None:
        """Go through every state that can be reached."""
        start = frozenset(("exists", identity(item)) for item in self.by_hand)
        waiting, seen = [start], {start}
        while waiting:
            state = waiting.pop()
            following = [new for kind, name in state if kind == "exists" for new in self._acts(state, name)]
            if not following:
                self.last = state
            fresh = set(following) - seen
            seen |= fresh
            waiting.extend(fresh)

    def ready(self, name: str) -> bool:
        """Whether an Application is healthy in the end."""
        return ("ready", name) in self.last

    def _acts(self, state: State, title: str) -> Iterator[State]:
        kind, name = title.split("/")
        if kind != "Application":
            return
        chart = self._chart(name)
        own = self.objects.get(name, [])
        if ("synced", name) not in state:
            if all(self._known(state, item, own) for item in own):
                yield state | {("synced", name)}
            return
        waves = sorted({_wave(item) for item in own} | ({0} if chart or not own else set()))
        for number, wave in enumerate(waves):
            here = [item for item in own if _wave(item) == wave]
            done, fine = ("applied", f"{name} {wave}"), ("healthy", f"{name} {wave}")
            if number and ("healthy", f"{name} {waves[number - 1]}") not in state:
                return
            if done not in state:
                if all(self._taken(state, item, here) for item in here):
                    self._note(state, here)
                    yield state | {done} | {("exists", identity(item)) for item in here}
                return
            if fine not in state:
                if self._fine(state, here) and (not chart or self._runs(state, chart)):
                    yield state | {fine} | ({("up", chart)} if chart else set())
                return
        if ("ready", name) not in state:
            yield state | {("ready", name)}

    def _chart(self, name: str) -> str:
        for item in [*self.by_hand, *(each for items in self.objects.values() for each in items)]:
            if identity(item) == f"Application/{name}":
                return str(item["spec"]["source"].get("chart", ""))
        return ""

    def _note(self, state: State, items: list[dict[str, Any]]) -> None:
        for item in items:
            if item["kind"] == "Deployment":
                served = ("up", "linkerd-control-plane") in state
                (self.meshed if served else self.unmeshed).add(identity(item))

    def _has(self, title: str) -> bool:
        return any(identity(item) == title for items in self.objects.values() for item in items)

    def _known(self, state: State, item: dict[str, Any], own: list[dict[str, Any]]) -> bool:
        """The dry run, which knows the kinds of the whole sync."""
        if item["kind"] == "ClusterIssuer" and self._chart("certs"):
            return ("up", "cert-manager") in state
        crd = item["kind"] == "Gadget" and self._has(_CRD)
        return not crd or ("exists", _CRD) in state or any(identity(each) == _CRD for each in own)

    def _taken(self, state: State, item: dict[str, Any], wave: list[dict[str, Any]]) -> bool:
        """Whether the API server takes an object: what it needs is there, or comes first in its wave."""
        present = {name for kind, name in state if kind == "exists"} | {identity(each) for each in wave}
        if item["kind"] == "Gadget" and self._has(_CRD) and _CRD not in present:
            return False
        return item["metadata"].get("namespace") != "shop" or not self._has(_SHOP) or _SHOP in present

    def _fine(self, state: State, items: list[dict[str, Any]]) -> bool:
        children = [item["metadata"]["name"] for item in items if item["kind"] == "Application"]
        return not self.gates or all(("ready", child) in state for child in children)

    def _runs(self, state: State, chart: str) -> bool:
        roots = "ConfigMap/linkerd-identity-trust-roots"
        return chart != "linkerd-control-plane" or not self._has(roots) or ("exists", roots) in state
