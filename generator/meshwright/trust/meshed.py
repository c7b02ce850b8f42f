"""Lists the meshed workloads in the files by namespace: those that a person must restart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from meshwright.check.model.index import Model
from meshwright.check.model.injection import inject_mode, namespace_injects
from meshwright.check.model.releases import ChartRelease
from meshwright.check.model.workloads import workload_of, workloads
from meshwright.linkerd.injection import INJECT
from meshwright.manifests.kustomization import join
from meshwright.yaml.pointer import items_of

_ROLLED = {"Deployment": "deployment", "StatefulSet": "statefulset", "DaemonSet": "daemonset"}
_INJECT_TEXT = re.compile(rf"{re.escape(INJECT)}['\"]?: ['\"]?(?:enabled|ingress)")
# Kinds whose pods are found elsewhere, or that only pass the annotation on.
_NOT_POD_OWNERS = frozenset(
    {"Namespace", "HelmRelease", "HelmChartConfig", "HelmChart", "ConfigMap", "Application", "Kustomization"}
)


def meshed(model: Model, cluster: str, own: set[str]) -> dict[str, list[str]]:
    """The arguments of `kubectl rollout restart` by namespace, sorted, without the namespaces ``own``.

    The workloads of a meshed chart are unknown, so all workloads of its namespace are listed.
    """
    found: dict[str, list[str]] = {}
    whole = {
        release.namespace
        for release in model.releases
        # A chart in a base has no cluster.
        if release.cluster in ("", cluster) and release.namespace and _is_meshed(model, release)
    } - own
    for workload in workloads(model):
        item = workload.item
        kind = _ROLLED.get(item.built.kind)
        if (
            kind
            and item.cluster == cluster
            and item.namespace not in own | whole
            and inject_mode(model, workload)
        ):
            found.setdefault(item.namespace, []).append(f"{kind}/{item.name}")
    for namespace in whole:
        found[namespace] = [",".join(_ROLLED.values())]
    for item in model.items("HelmChartConfig", "helm.cattle.io"):
        # Charts that k3s packages: never restart all of kube-system.
        if item.cluster == cluster and _INJECT_TEXT.search(str(item.get("spec", "valuesContent"))):
            found.setdefault(item.namespace, []).append(f"deployment/{item.name}")
    return {namespace: sorted(found[namespace]) for namespace in sorted(found)}


def operator_objects(model: Model, cluster: str) -> list[str]:
    """Custom resources that request injection for the pods that their operator creates."""
    return sorted(
        {
            item.title
            for item in model.all_items()
            if item.cluster == cluster
            and item.built.kind not in _NOT_POD_OWNERS
            and workload_of(item) is None
            and _requests_injection(item.built.data)
        }
    )


def _is_meshed(model: Model, release: ChartRelease) -> bool:
    """Whether a chart is meshed through its Namespace, its values, or patches of its objects."""
    if namespace_injects(model, release.cluster, release.namespace):
        return True
    if _requests_injection(release.values.data) or (
        release.built is not None and _requests_injection(release.built.data)
    ):
        return True
    return any(_INJECT_TEXT.search(text) for text in _patches(model, release.folder))


def _patches(model: Model, folder: str) -> Iterator[str]:
    """The patches in the folder of a chart, and in every overlay that lists it directly."""
    index = model.repository.index
    for place in index.folders if folder else ():
        kustomization = index.get(place)
        data = kustomization.data if kustomization is not None else {}
        above = [join(place, entry) for entry in items_of(data.get("resources")) if isinstance(entry, str)]
        if place != folder and folder not in above:
            continue
        yield str(data.get("patches"))
        for entry in items_of(data.get("components")):
            component = index.get(join(place, entry) or "") if isinstance(entry, str) else None
            yield str(component.data.get("patches")) if component is not None else ""


def _requests_injection(data: Any) -> bool:
    if isinstance(data, dict):
        return data.get(INJECT) in ("enabled", "ingress") or any(
            _requests_injection(value) for value in data.values()
        )
    if isinstance(data, str):
        return _INJECT_TEXT.search(data) is not None
    return isinstance(data, list) and any(_requests_injection(value) for value in data)
