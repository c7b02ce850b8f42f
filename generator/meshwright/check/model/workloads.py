"""Objects that create pods, for the rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from meshwright.check.model.index import Item, Model
from meshwright.flux.substitution import unresolved
from meshwright.yaml.pointer import Pointer

INJECT = "linkerd.io/inject"
MESHED = frozenset({"enabled", "ingress"})
_TEMPLATE: Pointer = ("spec", "template")
# Kind -> the pointer to the pod template; a Pod is its own template.
_TEMPLATES: dict[str, Pointer] = {
    "Deployment": _TEMPLATE,
    "StatefulSet": _TEMPLATE,
    "DaemonSet": _TEMPLATE,
    "ReplicaSet": _TEMPLATE,
    "ReplicationController": _TEMPLATE,
    "Job": _TEMPLATE,
    "CronJob": ("spec", "jobTemplate", *_TEMPLATE),
    "Pod": (),
}
_GROUPS = frozenset({"", "apps", "batch"})


@dataclass(frozen=True)
class Workload:
    """An object with the pointer to its pod template."""

    item: Item
    template: Pointer

    @property
    def annotations(self) -> Mapping[str, Any]:
        """The annotations of its pods."""
        return self.item.mapping(*self.template, "metadata", "annotations")

    @cached_property
    def labels(self) -> Mapping[str, Any]:
        """The labels of its pods."""
        return self.item.mapping(*self.template, "metadata", "labels")

    @property
    def pod(self) -> Mapping[str, Any]:
        """The spec of its pods."""
        return self.item.mapping(*self.template, "spec")


def workload_of(item: Item) -> Workload | None:
    """``item`` as a workload; None if it creates no pods."""
    template = _TEMPLATES.get(item.built.kind)
    if template is None or item.built.group not in _GROUPS:
        return None
    return Workload(item, template)


def workloads(model: Model) -> Iterator[Workload]:
    """Every object of Kubernetes' own kinds that creates pods."""
    for kind, template in _TEMPLATES.items():
        for item in model.items(kind):
            if item.built.group in _GROUPS:
                yield Workload(item, template)


def workloads_in(model: Model, cluster: str, namespace: str) -> list[Workload]:
    """The workloads of one namespace."""
    return model.once(_by_namespace).get((cluster, namespace), [])


def _by_namespace(model: Model) -> dict[tuple[str, str], list[Workload]]:
    found: dict[tuple[str, str], list[Workload]] = {}
    for workload in workloads(model):
        found.setdefault((workload.item.cluster, workload.item.namespace), []).append(workload)
    return found


def inject_mode(model: Model, workload: Workload) -> str | None:
    """``enabled`` or ``ingress`` if the pods or their namespace request a proxy, else None."""
    item = workload.item
    own = workload.annotations.get(INJECT)
    if own is None:
        namespace = model.find(item.cluster, "Namespace", "", item.namespace)
        own = namespace.annotations.get(INJECT) if namespace is not None else None
    return str(own) if own in MESHED and workload.pod.get("hostNetwork") is not True else None


def may_be_meshed(model: Model, workload: Workload) -> bool:
    """Whether its pods get a proxy, or may get one because their Namespace or a Flux variable is unknown."""
    if workload.pod.get("hostNetwork") is True:
        return False
    own = workload.annotations.get(INJECT)
    if own is None:
        item = workload.item
        namespace = model.find(item.cluster, "Namespace", "", item.namespace)
        own = "enabled" if namespace is None else namespace.annotations.get(INJECT)
    return own in MESHED or unresolved(own)
