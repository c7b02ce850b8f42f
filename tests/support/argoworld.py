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

    def __post_init__(self) -> None:
        """Look up once what every state asks for: millions of times in all."""
        items = [each for items in self.objects.values() for each in items]
        self._titles = {identity(item) for item in items}
        self._charts = {
            identity(item): str(item["spec"]["source"].get("chart", ""))
            # The first of a name counts.
            for item in reversed([*self.by_hand, *items])
            if item["kind"] == "Application"
        }
        self._waves = {name: self._by_wave(name, own) for name, own in self.objects.items()}

    def _by_wave(self, name: str, own: list[dict[str, Any]]) -> list[tuple[int, list[dict[str, Any]]]]:
        numbers = sorted({_wave(item) for item in own} | ({0} if self._chart(name) or not own else set()))
        return [(number, [item for item in own if _wave(item) == number]) for number in numbers]

    def run(self) -> None:
        """Go through every state that can be reached."""
        start = frozenset(("exists", identity(item)) for item in self.by_hand)
        waiting, seen = [start], {start}
        while waiting:
            state = waiting.pop()
            following = [
                new
                for kind, title in state
                if kind == "exists" and title in self._charts
                for new in self._acts(state, title.removeprefix("Application/"))
            ]
            if not following:
                self.last = state
            fresh = set(following) - seen
            seen |= fresh
            waiting.extend(fresh)

    def ready(self, name: str) -> bool:
        """Whether an Application is healthy in the end."""
        return ("ready", name) in self.last

    def _acts(self, state: State, name: str) -> Iterator[State]:
        chart = self._chart(name)
        own = self.objects.get(name, [])
        if ("synced", name) not in state:
            if all(self._known(state, item, own) for item in own):
                yield state | {("synced", name)}
            return
        for wave, here in self._waves.get(name, [(0, [])]):
            done, fine = ("applied", f"{name} {wave}"), ("healthy", f"{name} {wave}")
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
        return self._charts.get(f"Application/{name}", "")

    def _note(self, state: State, items: list[dict[str, Any]]) -> None:
        for item in items:
            if item["kind"] == "Deployment":
                served = ("up", "linkerd-control-plane") in state
                (self.meshed if served else self.unmeshed).add(identity(item))

    def _has(self, title: str) -> bool:
        return title in self._titles

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
