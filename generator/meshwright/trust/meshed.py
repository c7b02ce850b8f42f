"""What is meshed as far as the files tell, by namespace: what has to be restarted by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from meshwright.check.model.index import Model
from meshwright.check.model.releases import ChartRelease
from meshwright.check.model.workloads import INJECT, inject_mode, workload_of, workloads
from meshwright.manifests.kustomization import join
from meshwright.manifests.pointer import items_of

_ROLLED = {"Deployment": "deployment", "StatefulSet": "statefulset", "DaemonSet": "daemonset"}
_ASKS = re.compile(rf"{re.escape(INJECT)}['\"]?: ['\"]?(?:enabled|ingress)")
# Of these the pods are seen elsewhere, or they only carry the word on.
_NO_OWNERS = frozenset(
    {"Namespace", "HelmRelease", "HelmChartConfig", "HelmChart", "ConfigMap", "Application", "Kustomization"}
)


def meshed(model: Model, cluster: str, own: set[str]) -> dict[str, list[str]]:
    """For each namespace what `kubectl rollout restart` takes there, in order; ``own`` are left out.

    Where a chart is meshed its workloads are not seen: all of its namespace are named.
    """
    found: dict[str, list[str]] = {}
    whole = {
        release.namespace
        for release in model.releases
        # The chart of a base is of no cluster of its own.
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
        # k3s' packaged charts: never all of kube-system.
        if item.cluster == cluster and _ASKS.search(str(item.get("spec", "valuesContent"))):
            found.setdefault(item.namespace, []).append(f"deployment/{item.name}")
    return {namespace: sorted(found[namespace]) for namespace in sorted(found)}


def of_operators(model: Model, cluster: str) -> list[str]:
    """Objects that ask for injection and are of no kind of Kubernetes' own."""
    return sorted(
        {
            item.title
            for item in model.all_items()
            if item.cluster == cluster
            and item.built.kind not in _NO_OWNERS
            and workload_of(item) is None
            and _asks(item.built.data)
        }
    )


def _is_meshed(model: Model, release: ChartRelease) -> bool:
    """By its Namespace, by its values, or by patches over what it renders."""
    namespace = model.find(release.cluster, "Namespace", "", release.namespace)
    if namespace is not None and namespace.annotations.get(INJECT) in ("enabled", "ingress"):
        return True
    if _asks(release.values.data) or (release.built is not None and _asks(release.built.data)):
        return True
    return any(_ASKS.search(text) for text in _patches(model, release.folder))


def _patches(model: Model, folder: str) -> Iterator[str]:
    """What is patched in the folder of a chart, and in every overlay right above it."""
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


def _asks(data: Any) -> bool:
    if isinstance(data, dict):
        return data.get(INJECT) in ("enabled", "ingress") or any(_asks(value) for value in data.values())
    if isinstance(data, str):
        return _ASKS.search(data) is not None
    return isinstance(data, list) and any(_asks(value) for value in data)
