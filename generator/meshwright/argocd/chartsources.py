"""Charts that an Application installs itself: their values, and their builds if the chart is available."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from meshwright.argocd.application import ApplicationSource
from meshwright.argocd.chartdependencies import dependencies_of
from meshwright.argocd.sources import OwnRepository
from meshwright.argocd.values import ValuesReader
from meshwright.errors import Position
from meshwright.finding import Finding, NotSeen
from meshwright.manifests.buildinputs import BuildInputs
from meshwright.manifests.chartcopy import ChartFault, has_dependency
from meshwright.manifests.chartstore import ChartStore
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.inflation import chart_not_seen
from meshwright.manifests.unit import BuildUnit
from meshwright.manifests.values import ChartReference, ValuesLayer, merge
from meshwright.yaml.canonicaltext import identity
from meshwright.yaml.pointer import mapping_of


@dataclass(frozen=True)
class Release:
    """A chart with its layers of values; ``subject`` names its Application in messages.

    ``complete`` is false if a layer is not available offline or has a fault.
    """

    chart: ChartReference
    layers: Sequence[ValuesLayer]
    subject: str
    source: ApplicationSource
    cluster: str
    complete: bool
    # Of a dependency in Chart.yaml: its Helm repository, its name in the release, and where its version is.
    repository: str = ""
    name: str = ""
    position: Position | None = None
    # The cluster of its Application.
    hub: str = ""


@dataclass
class ChartPlan:
    """The release of a chart source, and the unit that renders it if there is one."""

    release: Release
    unit: BuildUnit | None = None
    dependencies: list[Release] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    not_seen: list[NotSeen] = field(default_factory=list)


class ChartUnits:
    """Makes the build unit of a chart source: a kustomization whose only entry is the chart."""

    def __init__(self, files: RepositoryFiles, own: OwnRepository, store: ChartStore) -> None:
        self._files = files
        self._own = own
        self._store = store

    def make(self, source: ApplicationSource, hub: str) -> ChartPlan:
        """The values of a source, and the unit that renders it if the chart is available.

        ``hub`` is the cluster that the Application is on.
        """
        cluster = source.application.place(hub)
        reader = ValuesReader(self._files, self._own, source)
        chart, layers = reader.chart(), reader.layers()
        title = source.application.title
        whole = not (reader.not_seen or reader.findings)
        release = Release(chart, layers, title, source, cluster, whole, hub=hub)
        plan = ChartPlan(release, None, findings=reader.findings, not_seen=list(reader.not_seen))
        lacks_charts = False
        if not source.chart:
            lacks_charts = self._add_dependencies(plan, source, layers)
        incomplete = (
            plan.findings or reader.not_seen or not chart.name or _release_name(source).startswith("-")
        )
        home, reason = None, ""
        try:
            folder = self._folder(source, chart)
            if folder is not None and incomplete:
                reason = "its values are not fully known"
            elif folder is not None:
                local = not source.chart
                chart = replace(
                    chart, version=self._store.version_of(chart) if source.chart else chart.version
                )
                home = self._store.home([(chart.name, chart.version, folder)], for_engine=local)
        except ChartFault as fault:
            reason = str(fault).replace(f"{self._files.root}/", "")
        if home is None:
            plan.not_seen.append(chart_not_seen(title, chart.name, chart.version, source.position, reason))
            return plan
        entry = self._entry(source, chart, merge(layers).data)
        key = identity(["argocd-chart", str(folder), entry])
        manifest = {"helmCharts": [entry], "helmGlobals": {"chartHome": str(home)}}
        file = source.application.origin
        plan.unit = BuildUnit(
            key, ".", BuildInputs(), source.position, manifest, False, False, cluster, file, needs_helm=True
        )
        if lacks_charts:
            plan.unit = replace(plan.unit, lacks_charts=True)
        return plan

    def _add_dependencies(
        self, plan: ChartPlan, source: ApplicationSource, layers: Sequence[ValuesLayer]
    ) -> bool:
        """Add what the chart of a source installs; returns whether one of these charts is not here."""
        title, lacks = source.application.title, False
        folder = None if self._files.withheld(source.path) else self._files.root / source.path
        for item in dependencies_of(self._files, source.path, layers):
            plan.dependencies.append(
                Release(
                    item.chart,
                    item.layers,
                    f"{title} ({item.name})",
                    source,
                    plan.release.cluster,
                    plan.release.complete,
                    item.repository,
                    item.name,
                    item.position,
                    plan.release.hub,
                )
            )
            missing = folder is not None and not has_dependency(folder, {"name": item.chart.name})
            if missing and not self._is_here(item.chart):
                lacks = True
                plan.not_seen.append(
                    chart_not_seen(title, item.chart.name, item.chart.version, item.position)
                )
        return lacks

    def _is_here(self, chart: ChartReference) -> bool:
        try:
            return self._store.find(chart) is not None
        except ChartFault:
            return False

    def _folder(self, source: ApplicationSource, chart: ChartReference) -> Path | None:
        """The folder of a source's chart, or None. Raises ChartFault."""
        if source.chart:
            return self._store.find(chart)
        return None if self._files.withheld(source.path) else self._files.root / source.path

    def _entry(
        self, source: ApplicationSource, chart: ChartReference, values: dict[str, Any]
    ) -> dict[str, Any]:
        helm, application = mapping_of(source.data.get("helm")), source.application
        namespace = helm.get("namespace") or application.destination.get("namespace") or "default"
        entry: dict[str, Any] = {
            "name": chart.name,
            "version": chart.version,
            "releaseName": _release_name(source),
            "namespace": str(namespace),
            "includeCRDs": helm.get("skipCrds") is not True,
            "skipTests": helm.get("skipTests") is True,
        }
        return {**entry, "valuesInline": values} if values else entry


def _release_name(source: ApplicationSource) -> str:
    helm = mapping_of(source.data.get("helm"))
    return str(helm.get("releaseName") or source.application.built.name)
