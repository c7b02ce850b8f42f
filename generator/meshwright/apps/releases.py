"""The Helm charts that an application installs: by HelmRelease, or by helmCharts of its kustomizations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from meshwright.apps.model import Base
from meshwright.errors import Position
from meshwright.flux.helmrelease import ChartReference, chart_of, is_helm_release
from meshwright.manifests.unit import BuiltObject
from meshwright.yaml.pointer import mapping_of


@dataclass(frozen=True)
class InstalledChart:
    """One installation of a chart.

    ``name`` is what workloads[].chart names, ``helm_name`` what Helm calls the release. ``namespace`` is that
    of its pods; empty if only the Application knows it. ``chart`` is None if its source is not in the
    application's manifests. ``values`` are those written in the entry itself.
    """

    name: str
    helm_name: str
    namespace: str
    chart: ChartReference | None
    title: str
    position: Position
    values: Mapping[str, Any] = field(default_factory=dict)
    item: BuiltObject | None = None
    folder: str = ""
    entry: Mapping[str, Any] = field(default_factory=dict)


def releases_of(base: Base, engine: str) -> list[InstalledChart]:
    """Every release that the engine, flux or argocd, installs from a base; HelmReleases first."""
    found = [_of_object(item, base) for item in base.objects if engine == "flux" and is_helm_release(item)]
    for entry in base.entries:
        name, version = str(entry.data["name"]), str(entry.data.get("version") or "")
        release = str(entry.data.get("releaseName") or name)
        found.append(
            InstalledChart(
                name=release,
                helm_name=release,
                namespace=entry.namespace,
                chart=ChartReference(name, version, str(entry.data.get("repo") or "")),
                title=f"helmCharts '{name}'",
                position=entry.position,
                values=mapping_of(entry.data.get("valuesInline")),
                folder=entry.folder,
                entry=entry.data,
            )
        )
    return found


def _of_object(item: BuiltObject, base: Base) -> InstalledChart:
    def find(kind: str, namespace: str, name: str) -> BuiltObject | None:
        named = (found for found in base.objects if (found.kind, found.name) == (kind, name))
        return next((found for found in named if found.namespace == namespace), None)

    spec = mapping_of(item.data.get("spec"))
    target = str(spec.get("targetNamespace") or "")
    helm_name = str(spec.get("releaseName") or (f"{target}-{item.name}" if target else item.name))
    return InstalledChart(
        name=item.name,
        helm_name=helm_name,
        namespace=target or item.namespace,
        chart=chart_of(item, find),
        title=item.short_title,
        position=item.origin.position,
        values=mapping_of(spec.get("values")),
        item=item,
    )
