"""Every chart that the repository installs, with its values: by HelmRelease, Application or helmCharts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from meshwright.argocd.application import Application
from meshwright.argocd.chartdependencies import dependencies_of
from meshwright.argocd.chartsources import Release
from meshwright.check.model.repository import LocalChart, Repository, Root
from meshwright.check.model.valuesource import ValuesSource
from meshwright.errors import Position
from meshwright.faults import contained
from meshwright.finding import Finding
from meshwright.flux.helmrelease import chart_of, is_helm_release
from meshwright.flux.kustomization import place_of
from meshwright.flux.substitution import unresolved
from meshwright.manifests.kustomization import KustomizationFile, join
from meshwright.manifests.manifestfile import yaml_finding
from meshwright.manifests.source import position_of
from meshwright.manifests.unit import BuiltObject
from meshwright.manifests.values import ChartReference, MergedValues, ValuesLayer, merge
from meshwright.yaml import YamlFault
from meshwright.yaml.pointer import holds, items_of, mapping_of, value_at


def _never(_: Any) -> bool:
    return False


@dataclass(frozen=True)
class ChartRelease:
    """One installation of a chart; ``title`` is for messages, ``position`` is that of its version.

    ``repository`` is the URL of its Helm repository, or empty if unknown; ``source`` is the kind of the Flux
    source that it comes from. ``complete`` is false if some values are not in the repository or cannot be
    read. ``built`` is its HelmRelease, ``folder`` the folder of the kustomization with its helmCharts entry,
    ``application`` the Argo CD Application that installs it. ``findings`` are faults in its values.
    """

    chart: ChartReference
    name: str
    namespace: str
    title: str
    cluster: str
    position: Position
    values: MergedValues
    repository: str = ""
    source: str = ""
    complete: bool = True
    root: Root | None = None
    built: BuiltObject | None = None
    folder: str = ""
    application: Application | None = None
    findings: tuple[Finding, ...] = ()
    is_unknown: Callable[[Any], bool] = _never
    # The cluster of its HelmRelease or Application, which may install it on another one.
    hub: str = ""

    def value(self, *pointer: str | int) -> Any:
        """The effective value; None if none is set."""
        return value_at(self.values.data, pointer) if self.has(*pointer) else None

    def has(self, *pointer: str | int) -> bool:
        """Whether a value is set."""
        return holds(self.values.data, pointer)

    def at(self, *pointer: str | int, key: bool = False) -> Position:
        """The position of a value or of its nearest parent."""
        return self.values.position(pointer, key=key) if self.values.layers else self.position


def read_releases(repository: Repository) -> list[ChartRelease]:
    """Every release of the repository, Flux first, without releases whose chart cannot be determined."""
    found: list[ChartRelease] = []
    for root, built in repository.by_kind.get("HelmRelease", []):
        if is_helm_release(built):
            with _contained(repository, built.title, root.position):
                found.append(_helm_release(repository, root, built))
    for chart in repository.local_charts:
        with _contained(repository, chart.title, chart.position):
            found += _dependencies(repository, chart)
    return found + chart_releases(repository)


def _contained(
    repository: Repository, title: str, at: Position | Callable[[], Position]
) -> AbstractContextManager[None]:
    return contained(repository.findings, f"reading the chart of {title}", at, title)


def chart_releases(repository: Repository) -> list[ChartRelease]:
    """Only the charts of Applications and of helmCharts."""
    found: list[ChartRelease] = []
    for release in repository.releases:
        with _contained(repository, release.subject, release.source.position):
            found.append(_of_application(release))
    for folder in repository.index.folders:
        kustomization = repository.index.get(folder)
        if kustomization is not None and kustomization.data.get("helmCharts"):
            with _contained(repository, f"'{folder}'", kustomization.position):
                found += _helm_charts(repository, kustomization)
    return found


def _dependencies(repository: Repository, local: LocalChart) -> Iterator[ChartRelease]:
    """What a chart of this repository installs as its dependencies."""
    for item in dependencies_of(repository.files, local.folder, local.layers):
        yield ChartRelease(
            chart=item.chart,
            name=local.release,
            namespace=local.namespace,
            title=f"{local.title} ({item.name})",
            cluster=local.cluster,
            position=item.position,
            values=merge(item.layers),
            repository=item.repository,
            complete=local.complete,
            root=local.root,
            built=local.built,
            hub=local.root.cluster if local.root else local.cluster,
        )


def _helm_release(repository: Repository, root: Root, built: BuiltObject) -> ChartRelease:
    read = next((chart for chart in repository.local_charts if chart.built is built), None)
    source: ValuesSource | LocalChart = read or ValuesSource(repository, root, built)
    layers = source.layers() if isinstance(source, ValuesSource) else source.layers
    spec = mapping_of(built.data.get("spec"))
    find = _source(repository, root.cluster)
    chart = chart_of(built, find) or ChartReference("")
    inline = mapping_of(mapping_of(spec.get("chart")).get("spec"))
    pointer = ("spec", "chart", "spec", "version") if inline else ("spec", "chartRef")
    kind, *named = _source_reference(find, built, inline)
    return ChartRelease(
        chart=chart,
        name=str(spec.get("releaseName") or built.name),
        namespace=str(spec.get("targetNamespace") or built.namespace),
        title=built.title,
        cluster=place_of(built, root.cluster),
        position=position_of(repository.files, built, pointer),
        values=merge(layers),
        repository=_url(find(kind, *named)),
        source=kind,
        complete=source.complete,
        root=root,
        built=built,
        findings=tuple(source.findings),
        is_unknown=lambda value: not root.complete and unresolved(value),
        hub=root.cluster,
    )


def _source(repository: Repository, cluster: str) -> Callable[[str, str, str], BuiltObject | None]:
    """A function that finds an object of a cluster by kind, namespace and name; of several, the last."""

    def find(kind: str, namespace: str, name: str) -> BuiltObject | None:
        named = repository.by_name.get((cluster, kind, name), [])
        return next((built for _, built in reversed(named) if built.namespace == namespace), None)

    return find


def _source_reference(
    find: Callable[[str, str, str], BuiltObject | None], release: BuiltObject, inline: Mapping[str, Any]
) -> tuple[str, str, str]:
    """Kind, namespace and name of the source of a release's chart, also through a HelmChart of chartRef."""
    reference, home = mapping_of(inline.get("sourceRef")), release.namespace
    if not inline:
        reference = mapping_of(mapping_of(release.data.get("spec")).get("chartRef"))
        if reference.get("kind") == "HelmChart":
            home = str(reference.get("namespace") or release.namespace)
            found = find("HelmChart", home, str(reference.get("name") or ""))
            reference = mapping_of(mapping_of(found.data.get("spec")).get("sourceRef")) if found else {}
    name, kind = str(reference.get("name") or ""), str(reference.get("kind") or "")
    return kind, str(reference.get("namespace") or home), name


def _url(source: BuiltObject | None) -> str:
    return str(mapping_of(source.data.get("spec")).get("url") or "") if source is not None else ""


def _of_application(release: Release) -> ChartRelease:
    source = release.source
    helm = mapping_of(source.data.get("helm"))
    return ChartRelease(
        chart=release.chart,
        name=release.name or str(helm.get("releaseName") or source.application.built.name),
        namespace=str(source.application.destination.get("namespace") or ""),
        title=release.subject,
        cluster=release.cluster,
        position=release.position or (source.at("targetRevision") if source.chart else source.position),
        values=merge(release.layers),
        repository=release.repository or (source.repository if source.chart else ""),
        complete=release.complete,
        application=source.application,
        hub=release.hub,
    )


def _helm_charts(repository: Repository, kustomization: KustomizationFile) -> Iterator[ChartRelease]:
    """Each helmCharts entry, with valuesFile overridden by valuesInline."""
    charts = kustomization.data["helmCharts"]
    applied = repository.by_path.get(kustomization.folder)
    for number, entry in enumerate(items_of(charts)):
        if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
            continue
        layers: list[ValuesLayer] = []
        findings: list[Finding] = []
        complete = True
        for file in [entry.get("valuesFile"), *items_of(entry.get("additionalValuesFiles"))]:
            # The build reports a missing file.
            path = join(kustomization.folder, file) if isinstance(file, str) else ""
            if not path or not repository.files.is_file(path):
                complete = complete and not file
                continue
            try:
                documents = repository.files.documents(path)
            except YamlFault as fault:
                findings.append(yaml_finding(fault, "values/yaml"))
                complete = False
                continue
            if documents and isinstance(documents[0].data, dict):
                found = documents[0]
                layers.append(ValuesLayer(found.data, lambda p, k, found=found: found.position(p, key=k)))  # type: ignore[misc]
        inline = entry.get("valuesInline")
        if isinstance(inline, dict):
            start = ("helmCharts", number, "valuesInline")
            layers.append(
                ValuesLayer(inline, lambda p, k, start=start: kustomization.position((*start, *p), key=k))  # type: ignore[misc]
            )
        version = str(entry.get("version") or "")
        yield ChartRelease(
            chart=ChartReference(entry["name"], version, str(entry.get("repo") or "")),
            name=str(entry.get("releaseName") or entry["name"]),
            namespace=str(entry.get("namespace") or kustomization.data.get("namespace") or ""),
            title=f"helmCharts '{entry['name']}'",
            cluster=applied.cluster if applied else "",
            position=kustomization.position(("helmCharts", number, "version")),
            values=merge(layers),
            repository=str(entry.get("repo") or ""),
            complete=complete,
            root=applied,
            folder=kustomization.folder,
            application=applied.application if applied else None,
            hub=applied.hub if applied else "",
            findings=tuple(findings),
        )
