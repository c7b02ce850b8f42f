"""Every pod that an installation creates, as its workloads describe it, and the namespaces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from realcharts.installation import Installation

Object = Mapping[str, Any]
_TEMPLATES = {
    "Pod": (),
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}


@dataclass(frozen=True)
class Pod:
    """A pod of a workload; ``hook`` is set for a pod that Helm runs around an installation."""

    part: str
    place: str
    kind: str
    name: str
    namespace: str
    metadata: Object
    spec: Object
    hook: bool = False

    @property
    def title(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"

    @property
    def labels(self) -> Mapping[str, str]:
        return self.metadata.get("labels") or {}

    @property
    def annotations(self) -> Mapping[str, str]:
        return self.metadata.get("annotations") or {}

    def ports(self) -> dict[str, list[Mapping[str, Any]]]:
        """The declared ports of each container, init containers included."""
        containers = [*(self.spec.get("initContainers") or []), *(self.spec.get("containers") or [])]
        return {one["name"]: list(one.get("ports") or []) for one in containers}


@dataclass(frozen=True)
class Namespace:
    """A namespace with its labels, and whether the repository creates it."""

    name: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    created: bool

    @property
    def level(self) -> str:
        """Its Pod Security level; Kubernetes' default is privileged."""
        return self.labels.get("pod-security.kubernetes.io/enforce", "privileged")


def pods(installation: Installation) -> Iterator[Pod]:
    """The pods of every workload, in the order of the parts."""
    for part, one in installation.objects(*_TEMPLATES):
        template: Any = one
        for key in _TEMPLATES[one["kind"]]:
            template = (template or {}).get(key)
        metadata = one["metadata"]
        yield Pod(
            part.name,
            part.place,
            one["kind"],
            metadata["name"],
            metadata["namespace"],
            (template or {}).get("metadata") or {},
            (template or {}).get("spec") or {},
            "helm.sh/hook" in (metadata.get("annotations") or {}),
        )


def namespaces(installation: Installation) -> dict[str, Namespace]:
    """The namespaces that the repository creates, by name."""
    found = {}
    for _, one in installation.objects("Namespace"):
        metadata = one["metadata"]
        labels = {"kubernetes.io/metadata.name": metadata["name"], **(metadata.get("labels") or {})}
        found[metadata["name"]] = Namespace(
            metadata["name"], labels, metadata.get("annotations") or {}, created=True
        )
    return found


def namespace_of(known: Mapping[str, Namespace], name: str) -> Namespace:
    """The namespace, or one without labels if something else created it."""
    return known.get(name) or Namespace(name, {"kubernetes.io/metadata.name": name}, {}, created=False)
