"""What happened, in order, from the API server's own audit log."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine import argocd, argocd_status
from engine.pods import has_proxy

LAYER = "kustomize.toolkit.fluxcd.io/name"
RELEASE, RELEASE_NAMESPACE = "helm.toolkit.fluxcd.io/name", "helm.toolkit.fluxcd.io/namespace"
ENGINES = ("kustomize-controller", "helm-controller", argocd.CONTROLLER)
# Objects by which an engine also says how it fares.
OWN = ("kustomizations", "helmreleases", "helmcharts", "gitrepositories", "applications", "appprojects")


@dataclass(frozen=True)
class Write:
    """One write that the API server took: when it came, who sent it, what it made or changed."""

    time: str
    user: str
    verb: str
    resource: str
    namespace: str
    name: str
    created: bool
    annotations: Mapping[str, str]
    layer: str | None
    sent: Mapping[str, Any]
    answer: Mapping[str, Any]

    def __str__(self) -> str:
        place = f"{self.namespace}/" if self.namespace else ""
        return f"{self.time[11:23]} {self.user}: {self.resource} {place}{self.name}"

    @property
    def engine(self) -> bool:
        """Whether Flux or Argo CD wrote the object itself, and not only how it fares."""
        own = self.resource.partition("/")[0] in OWN
        return self.user in ENGINES and "/" not in self.resource and not (own and not self.created)

    @property
    def meta(self) -> Mapping[str, Any]:
        """Metadata of the object as stored, or as sent."""
        found: Mapping[str, Any] = self.answer.get("metadata") or self.sent.get("metadata") or {}
        return found


@dataclass(frozen=True)
class Audit:
    """What was written, in the order of arrival."""

    writes: tuple[Write, ...]

    @classmethod
    def read(cls, log: Path) -> Audit:
        """Read the whole log; a last line that is still being written is left out."""
        found = [write for event in _events(log) if (write := _write(event)) is not None]
        return cls(_attributed(sorted(found, key=lambda one: one.time)))

    def since(self, time: str) -> Audit:
        """The writes after a time."""
        return Audit(tuple(one for one in self.writes if one.time > time))

    @property
    def end(self) -> str:
        """The time of the last of them."""
        return self.writes[-1].time if self.writes else ""

    def created(self, resource: str) -> list[Write]:
        """What was created of a resource."""
        return [one for one in self.writes if one.created and one.resource == resource]

    def ready(self, layer: str, revision: str = "") -> list[str]:
        """When a layer became Ready (at a commit); a status that stays so counts once."""
        times, before = [], False
        for one in self.writes:
            about = one.resource.partition("/")[0]
            if about not in _READY or one.name != layer or not one.answer.get("status"):
                continue
            now = _READY[about](one.answer, revision)
            if now and not before:
                times.append(one.time)
            before = now
        return times

    def out_of_order(self, needs: Mapping[str, Iterable[str]], revision: str = "") -> list[str]:
        """Each object that was made before a layer that its own layer needs was Ready for the first time.

        With a commit: each object that the engine wrote before that layer was Ready at that commit.
        """
        faults = []
        for layer, needed in sorted(needs.items()):
            made = [
                one for one in self.writes if one.layer == layer and (one.engine if revision else one.created)
            ]
            for need in needed:
                ready = self.ready(need, revision)
                told = ready[0][11:23] if ready else "never"
                faults += [
                    f"{layer} before {need} ({told}): {one}"
                    for one in made
                    if not ready or one.time < ready[0]
                ]
        return faults

    def pods(self) -> list[tuple[Write, bool]]:
        """Every pod that was created, and whether it has the proxy."""
        return [(one, has_proxy(one.answer)) for one in self.created("pods") if one.answer.get("spec")]


def _kustomization_ready(one: Mapping[str, Any], revision: str) -> bool:
    status = one["status"]
    ready = any(item["type"] == "Ready" and item["status"] == "True" for item in status.get("conditions", []))
    return ready and str(status.get("lastAppliedRevision", "")).endswith(revision)


_READY: dict[str, Callable[[Mapping[str, Any], str], bool]] = {
    "kustomizations": _kustomization_ready,
    "applications": argocd_status.lets_go_on,
}


def needs(kustomizations: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """dependsOn of each Kustomization, by name."""
    return {
        one["metadata"]["name"]: [need["name"] for need in one["spec"].get("dependsOn", [])]
        for one in kustomizations
    }


def _attributed(writes: list[Write]) -> tuple[Write, ...]:
    """Each with the layer that its object came from: by label, annotation, Helm release, or owners."""
    objects: dict[tuple[str, str, str], str] = {}
    owners: dict[str, str] = {}
    releases: dict[tuple[str, str], str] = {}
    # Argo CD marks no CRD; which are whose stands in the status of the Application.
    crds = {
        item["name"]: one.name
        for one in writes
        if one.resource == "applications"
        for item in (one.answer.get("status") or {}).get("resources", [])
        if item["kind"] == "CustomResourceDefinition"
    }
    found = []
    for one in writes:
        labels = one.meta.get("labels") or {}
        release = releases.get((labels.get(RELEASE_NAMESPACE, ""), labels.get(RELEASE, "")))
        by_owner = [
            owners[owner["uid"]] for owner in one.meta.get("ownerReferences", []) if owner["uid"] in owners
        ]
        key = (one.resource.partition("/")[0], one.namespace, one.name)
        tracked = (one.meta.get("annotations") or {}).get(argocd_status.TRACKED, "").partition(":")[0]
        layer = labels.get(LAYER) or tracked or release or next(iter(by_owner), None) or objects.get(key)
        if one.resource == "customresourcedefinitions":
            layer = layer or crds.get(one.name)
        if layer is not None:
            objects[key] = layer
            owners[one.meta.get("uid", "")] = layer
            if one.resource == "helmreleases":
                releases[one.namespace, one.name] = layer
        found.append(replace(one, layer=layer))
    return tuple(found)


def _events(log: Path) -> Iterator[dict[str, Any]]:
    with log.open("rb") as lines:
        for line in lines:
            if line.endswith(b"\n"):
                yield json.loads(line)


def _write(event: dict[str, Any]) -> Write | None:
    if event["stage"] != "ResponseComplete" or "dryRun=" in event["requestURI"]:
        return None
    code = event.get("responseStatus", {}).get("code", 0)
    if not 200 <= code < 300:
        return None
    about = event.get("objectRef", {})
    answer = event.get("responseObject") or {}
    resource = about.get("resource", "")
    if about.get("subresource"):
        resource += f"/{about['subresource']}"
    return Write(
        time=event["requestReceivedTimestamp"],
        user=event["user"]["username"],
        verb=event["verb"],
        resource=resource,
        namespace=about.get("namespace", ""),
        name=about.get("name") or answer.get("metadata", {}).get("name", ""),
        created=code == 201 and not about.get("subresource"),
        annotations=event.get("annotations") or {},
        layer=None,
        sent=event.get("requestObject") or {},
        answer=answer,
    )
