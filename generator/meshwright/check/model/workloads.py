"""Objects that create pods, for the rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from meshwright.check.model.index import Item, Model
from meshwright.yaml.pointer import Pointer

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
