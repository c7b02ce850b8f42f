"""Charts of this repository that a HelmRelease installs, and those that nothing here installs."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from meshwright.argocd.chartdependencies import dependencies_of, local_dependencies
from meshwright.check.model.meshfiles import mentions_mesh_or_engine
from meshwright.check.model.repository import LocalChart, Repository, Root
from meshwright.check.model.valuesource import ValuesSource
from meshwright.errors import Position
from meshwright.finding import Finding, NotSeen
from meshwright.flux.helmrelease import is_helm_release
from meshwright.flux.kustomization import SourceReference, normalise, place_of
from meshwright.manifests.buildinputs import BuildInputs
from meshwright.manifests.chartcopy import ChartFault, has_dependency
from meshwright.manifests.chartstore import ChartStore
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.inflation import chart_not_seen
from meshwright.manifests.kustomization import join
from meshwright.manifests.source import position_of
from meshwright.manifests.templatefiles import chart_of_template
from meshwright.manifests.unit import BuildUnit, BuiltObject
from meshwright.manifests.values import ValuesLayer, merge
from meshwright.tools import ToolNotFoundError, locate
from meshwright.words import did_you_mean
from meshwright.yaml import YamlFault
from meshwright.yaml.canonicaltext import identity
from meshwright.yaml.pointer import items_of, mapping_of

_CHART = "Chart.yaml"
_LINKERD = re.compile(r"linkerd(?:2|-|$)")
# What Linkerd's charts are installed in where nothing says otherwise.
_NAMESPACES = {"linkerd-viz": "linkerd-viz", "linkerd-multicluster": "linkerd-multicluster"}
_NAMESPACES |= {"linkerd-jaeger": "linkerd-jaeger", "linkerd2-cni": "linkerd-cni"}
_FROM_FILES = frozenset({"GitRepository", "Bucket"})


@dataclass
class ChartBuild:
    """A chart of the repository, and the unit that renders it if that is possible."""

    chart: LocalChart
    unit: BuildUnit | None = None


class LocalCharts:
    """Finds the charts, and makes the units that render them."""

    def __init__(self, repository: Repository, store: ChartStore) -> None:
        self._repository = repository
        self._files = repository.files
        self._store = store

    def __bool__(self) -> bool:
        """Whether the repository has a chart with something of the mesh or of an engine."""
        return any(
            _is_chart_file(path) and self._matters(posixpath.dirname(path) or ".")
            for path in self._files.yaml_paths()
        )

    def of_releases(self, is_own: Callable[[SourceReference], bool]) -> Iterator[ChartBuild]:
        """The charts that HelmReleases install from a folder of this repository."""
        releases = list(self._repository.by_kind.get("HelmRelease", []))
        for root, built in releases:
            if not is_helm_release(built):
                continue
            spec, pointer = self._chart(root, built)
            reference = mapping_of(spec.get("sourceRef"))
            source = SourceReference(str(reference.get("kind") or ""), str(reference.get("name") or ""))
            path = str(spec.get("chart") or "")
            if source.kind not in _FROM_FILES or not path or "${" in path or not is_own(source):
                continue
            at = position_of(self._files, built, pointer)
            if finding := self._missing(built, normalise(path), at):
                self._repository.findings.append(finding)
                continue
            yield self._of_release(root, built, spec, normalise(path), at)

    def _chart(self, root: Root, built: BuiltObject) -> tuple[Mapping[str, Any], tuple[str, ...]]:
        """The spec of the HelmChart that a release has inside or names, and where its chart is written."""
        spec = mapping_of(built.data.get("spec"))
        reference = mapping_of(spec.get("chartRef"))
        if reference.get("kind") == "HelmChart":
            named = self._repository.by_name.get((root.cluster, "HelmChart", str(reference.get("name"))), [])
            place = str(reference.get("namespace") or built.namespace)
            found = next((chart for _, chart in named if chart.namespace == place), None)
            return mapping_of(found.data.get("spec")) if found else {}, ("spec", "chartRef")
        return mapping_of(mapping_of(spec.get("chart")).get("spec")), ("spec", "chart", "spec", "chart")

    def _missing(self, built: BuiltObject, folder: str, at: Position) -> Finding | None:
        if self._files.is_file(join(folder, _CHART)):
            return None
        title = built.title
        if self._files.holds_files(folder):
            text, fix = f"{title} installs chart '{folder}', which has no Chart.yaml", ""
        else:
            near = did_you_mean(posixpath.basename(folder), self._files.siblings(folder))
            text, fix = f"{title} installs chart '{folder}', which does not exist{near}", ""
        return Finding("build/missing-path", at, text, fix, title)

    def _of_release(
        self, root: Root, built: BuiltObject, spec: Mapping[str, Any], folder: str, at: Position
    ) -> ChartBuild:
        values = ValuesSource(self._repository, root, built)
        own = mapping_of(built.data.get("spec"))
        layers = [*self._values_files(spec), *values.layers()]
        namespace = str(own.get("targetNamespace") or built.namespace or "default")
        name = str(own.get("releaseName") or built.name)
        chart = LocalChart(
            *self._named(folder),
            folder,
            name,
            namespace,
            built.title,
            place_of(built, root.cluster),
            at,
            tuple(layers),
        )
        chart = replace(
            chart, complete=values.complete, root=root, built=built, findings=tuple(values.findings)
        )
        return ChartBuild(chart, self._unit(chart, built.origin.path or at.path))

    def _values_files(self, spec: Mapping[str, Any]) -> Iterator[ValuesLayer]:
        """The valuesFiles of a HelmChart, which are read from the repository of the chart."""
        for entry in items_of(spec.get("valuesFiles")):
            if found := _layer_of(self._files, normalise(str(entry))):
                yield found

    def unnamed(self, named: Iterable[str], cluster_of: Callable[[str], str]) -> Iterator[ChartBuild]:
        """Charts with something of the mesh or of an engine that nothing here names: applied by other means.

        ``named`` are the folders of charts that an engine installs.
        """
        taken = set(named)
        folders = [
            posixpath.dirname(path) or "." for path in self._files.yaml_paths() if _is_chart_file(path)
        ]
        for folder in folders:
            taken.update(local_dependencies(self._files, folder))
        for folder in folders:
            inner = any(part == "charts" and self._is_below_chart(folder) for part in folder.split("/"))
            if folder not in taken and not inner and not self._is_fixture(folder) and self._matters(folder):
                yield self._of_folder(folder, cluster_of(join(folder, _CHART)))

    def _is_below_chart(self, folder: str) -> bool:
        """Whether a chart is a dependency in the charts folder of another one, or of a kustomization."""
        above = posixpath.dirname(folder)
        while posixpath.basename(above) != "charts" and above:
            above = posixpath.dirname(above)
        home = posixpath.dirname(above) or "."
        if self._files.is_file(join(home, _CHART)):
            return True
        own = self._repository.index.get(home)
        return own is not None and bool(own.data.get("helmCharts"))

    def _is_fixture(self, folder: str) -> bool:
        return bool(chart_of_template(self._files, join(folder, _CHART)))

    def _matters(self, folder: str) -> bool:
        data = self._data(folder)
        if data.get("type") == "library" or "{{" in str(data.get("name")):
            return False
        if any(_LINKERD.match(item.chart.name) for item in dependencies_of(self._files, folder)):
            return True
        return any(mentions_mesh_or_engine(self._files, path) for path in self._files.below(folder))

    def _of_folder(self, folder: str, cluster: str) -> ChartBuild:
        at = Position(join(folder, _CHART))
        name, version = self._named(folder)
        installed = [item.chart.name for item in dependencies_of(self._files, folder)]
        namespace = next(
            (_NAMESPACES.get(one, "linkerd") for one in installed if _LINKERD.match(one)), "default"
        )
        chart = LocalChart(name, version, folder, name, namespace, f"chart '{folder}'", cluster, at, ())
        reason = "nothing in this repository installs it; it is judged with its own values"
        self._repository.not_seen.append(NotSeen(chart.title, reason, at))
        return ChartBuild(chart, self._unit(chart, at.path))

    def _named(self, folder: str) -> tuple[str, str]:
        data = self._data(folder)
        return str(data.get("name") or posixpath.basename(folder)), str(data.get("version") or "")

    def _data(self, folder: str) -> Mapping[str, Any]:
        return _first(self._files, join(folder, _CHART))

    def _unit(self, chart: LocalChart, file: str) -> BuildUnit | None:
        """The unit that renders a chart; None, with the reason under "not seen", if that is impossible."""
        reason, home, lacks = "", None, False
        place = self._files.root / chart.folder
        for item in dependencies_of(self._files, chart.folder, chart.layers):
            if not has_dependency(place, {"name": item.chart.name}):
                lacks = True
                self._unseen(chart, item.chart.name, item.chart.version, item.position)
        if self._files.withheld(chart.folder):
            reason = "its folder leads out of the repository"
        elif not chart.complete:
            reason = "its values are not fully known"
        elif chart.release.startswith("-"):
            reason = f"'{chart.release}' is not a valid release name"
        else:
            try:
                locate("helm")
                home = self._store.home([(chart.name, chart.version, place)], for_engine=True)
            except ToolNotFoundError:
                reason = "helm is not available"
            except ChartFault as fault:
                reason = str(fault).replace(f"{self._files.root}/", "")
        if home is None:
            self._unseen(chart, chart.name, chart.version, chart.position, reason)
            return None
        entry: dict[str, Any] = {
            "name": chart.name,
            "version": chart.version,
            "releaseName": chart.release,
            "namespace": chart.namespace,
            "includeCRDs": True,
            "skipTests": True,
        }
        if values := merge(chart.layers).data:
            entry["valuesInline"] = values
        return BuildUnit(
            identity(["local-chart", chart.folder, chart.title, entry]),
            ".",
            BuildInputs(),
            chart.position,
            {"helmCharts": [entry], "helmGlobals": {"chartHome": str(home)}},
            cluster=chart.cluster,
            written_in=file,
            needs_helm=True,
            lacks_charts=lacks or chart.built is None,
        )

    def _unseen(self, chart: LocalChart, name: str, version: str, at: Position, reason: str = "") -> None:
        self._repository.not_seen.append(chart_not_seen(chart.title, name, version, at, reason))


def charts_of_releases(files: RepositoryFiles, documents: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The folders of charts that HelmReleases and HelmCharts among ``documents`` name."""
    for data in documents:
        spec = mapping_of(data.get("spec"))
        inner = mapping_of(mapping_of(spec.get("chart")).get("spec"))
        path = inner.get("chart") if inner else spec.get("chart")
        if isinstance(path, str) and files.is_file(join(normalise(path), _CHART)):
            yield normalise(path)


def _is_chart_file(path: str) -> bool:
    return posixpath.basename(path) == _CHART


def _first(files: RepositoryFiles, path: str) -> Mapping[str, Any]:
    try:
        documents = files.documents(path) if files.is_file(path) else []
    except YamlFault:
        return {}
    return mapping_of(documents[0].data) if documents else {}


def _layer_of(files: RepositoryFiles, path: str) -> ValuesLayer | None:
    try:
        documents: Sequence[Any] = files.documents(path) if files.is_file(path) else []
    except YamlFault:
        return None
    if not documents or not isinstance(documents[0].data, dict):
        return None
    document = documents[0]
    return ValuesLayer(document.data, lambda pointer, key: document.position(pointer, key=key))
