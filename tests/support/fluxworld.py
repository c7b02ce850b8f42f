"""A Flux of the tests' own: every order in which its controllers may act is tried, one state after the other.

It knows nothing of the event graph that the checker draws: it keeps what is in the cluster, and lets any
controller that can act do so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from meshwright.yaml import load_documents

_STAGED = ("Namespace", "CustomResourceDefinition")
_HAND = "by hand"
Fact = tuple[str, str]
State = frozenset[Fact]


@dataclass
class World:
    """The objects of a repository, by the Kustomization that applies them."""

    objects: dict[str, list[dict[str, Any]]]
    seen: set[State] = field(default_factory=set)
    # Meshed workloads that came up without and with a proxy, in some order of events.
    unmeshed: set[str] = field(default_factory=set)
    meshed: set[str] = field(default_factory=set)
    last: State = frozenset()

    def __post_init__(self) -> None:
        """Look up once what every state asks for."""
        items = [item for items in self.objects.values() for item in items]
        # The first of a name counts.
        self._items = {_id(item): item for item in reversed(items)}

    def run(self) -> None:
        """Go through every state that can be reached."""
        start = frozenset(("exists", _id(item)) for item in self.objects[_HAND])
        waiting = [start]
        self.seen.add(start)
        while waiting:
            state = waiting.pop()
            following = list(self._acts(state))
            if not following:
                # Nothing is ever taken back, so every order ends in the same state.
                assert not self.last or self.last == state
                self.last = state
            for new in following:
                if new not in self.seen:
                    self.seen.add(new)
                    waiting.append(new)

    def ready(self, title: str) -> bool:
        """Whether a unit is Ready in the end."""
        return ("ready", title) in self.last

    def _acts(self, state: State) -> Iterator[State]:
        for kind, name in sorted(state):
            if kind != "exists":
                continue
            item = self._item(name)
            if item["kind"] == "Kustomization":
                yield from self._kustomize(state, name, item)
            elif item["kind"] == "HelmRelease":
                yield from self._helm(state, name, item)

    def _item(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self._items[name]
        return found

    def _kustomize(self, state: State, name: str, item: dict[str, Any]) -> Iterator[State]:
        if not all(("ready", f"Kustomization/{need['name']}") in state for need in item["spec"]["dependsOn"]):
            return
        own = self.objects[item["metadata"]["name"]]
        staged = {("exists", _id(each)) for each in own if each["kind"] in _STAGED}
        if ("staged", name) not in state:
            yield state | staged | {("staged", name)}
        elif ("applied", name) not in state:
            if all(self._accepted(state, each) for each in own):
                for each in own:
                    if each["kind"] == "Deployment":
                        served = ("up", "HelmRelease/linkerd") in state
                        (self.meshed if served else self.unmeshed).add(_id(each))
                yield state | {("exists", _id(each)) for each in own} | {("applied", name)}
        elif ("ready", name) not in state and (
            not item["spec"]["wait"] or all(self._healthy(state, each) for each in own)
        ):
            yield state | {("ready", name)}

    def _accepted(self, state: State, item: dict[str, Any]) -> bool:
        """Whether the API server takes an object in a dry run."""
        space = item["metadata"].get("namespace")
        if self._has(f"Namespace/{space}") and ("exists", f"Namespace/{space}") not in state:
            return False
        if item["kind"] == "ClusterIssuer":
            return not self._has("HelmRelease/certs") or ("up", "HelmRelease/certs") in state
        if item["kind"] == "Gadget":
            crd = "CustomResourceDefinition/gadgets.example.com"
            return not self._has(crd) or ("exists", crd) in state
        return True

    def _has(self, name: str) -> bool:
        return name in self._items

    def _healthy(self, state: State, item: dict[str, Any]) -> bool:
        if item["kind"] in ("Kustomization", "HelmRelease"):
            return ("ready", _id(item)) in state
        if item["kind"] == "Deployment":
            secret = "ConfigMap/settings"
            mounts = bool(item["spec"]["template"]["spec"]["volumes"])
            return not mounts or not self._has(secret) or ("exists", secret) in state
        return True

    def _helm(self, state: State, name: str, item: dict[str, Any]) -> Iterator[State]:
        if not all(("ready", f"HelmRelease/{need['name']}") in state for need in item["spec"]["dependsOn"]):
            return
        if ("installed", name) not in state:
            yield state | {("installed", name)}
            return
        if ("up", name) not in state:
            roots = "ConfigMap/linkerd-identity-trust-roots"
            blocked = item["metadata"]["name"] == "linkerd" and self._has(roots)
            if not blocked or ("exists", roots) in state:
                yield state | {("up", name)}
        waits = not item["spec"]["install"].get("disableWait")
        if ("ready", name) not in state and (not waits or ("up", name) in state):
            yield state | {("ready", name)}


def _id(item: dict[str, Any]) -> str:
    return f"{item['kind']}/{item['metadata']['name']}"


def world_of(files: dict[str, str]) -> World:
    """The world of a case's files: the entry in flux.yaml, each Kustomization's objects in its folder."""
    objects: dict[str, list[dict[str, Any]]] = {}
    for path, text in files.items():
        owner = _HAND if "/" not in path else path.split("/")[0]
        objects.setdefault(owner, []).extend(document.data for document in load_documents(text, path))
    for items in list(objects.values()):
        for item in items:
            if item["kind"] == "Kustomization":
                objects.setdefault(item["metadata"]["name"], [])
    return World(objects)
