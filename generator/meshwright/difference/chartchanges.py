"""Represents charts by version and values where the repository contains no object for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from meshwright.check.model.releases import ChartRelease, chart_releases
from meshwright.check.model.repository import Repository, Root
from meshwright.difference.model import ChartVersion
from meshwright.flux.helmrelease import GROUP
from meshwright.manifests.kustomization import join
from meshwright.manifests.unit import BuildUnit, BuiltObject, Origin
from meshwright.yaml import YamlFault
from meshwright.yaml.pointer import items_of, mapping_of

KIND = "Chart"


def charts_of_roots(repository: Repository) -> Iterator[tuple[Root, BuiltObject]]:
    """A chart object for each chart that helmCharts or an Application installs, with its root.

    It contains the chart, its version, the effective values and, if the chart is not rendered, its patches.
    """
    releases = chart_releases(repository)
    by_folder: dict[str, list[ChartRelease]] = {}
    for release in releases:
        if release.folder:
            by_folder.setdefault(release.folder, []).append(release)
    for root in repository.roots:
        if root.unit is None:
            continue
        for folder in sorted({*root.unit.inputs.folders, root.unit.folder} & by_folder.keys()):
            for release in by_folder[folder]:
                patches = [] if release.chart.name in rendered(root.unit) else _patches(repository, root.unit)
                yield root, _chart_object(release, patches)


def application_charts(repository: Repository) -> Iterator[tuple[ChartRelease, BuiltObject]]:
    """The same for Applications whose source is a chart; without a local copy they have no root."""
    for release in chart_releases(repository):
        if not release.folder:
            yield release, _chart_object(release, [])


def _chart_object(release: ChartRelease, patches: list[Any]) -> BuiltObject:
    data: dict[str, Any] = {
        "apiVersion": "",
        "kind": KIND,
        "metadata": {"name": release.name, "namespace": release.namespace},
        "chart": release.chart.name,
        "version": release.chart.version,
        "repository": release.repository,
        "values": release.values.data,
    }
    return BuiltObject({**data, "patches": patches} if patches else data, Origin())


def is_chart_object(built: BuiltObject) -> bool:
    """Whether it represents a chart instead of an object in a cluster."""
    return built.kind == KIND and not built.api_version


def _patches(repository: Repository, unit: BuildUnit) -> list[Any]:
    """The patches of every kustomization of a unit, with the text of their files."""
    found: list[Any] = []
    for folder in sorted({*unit.inputs.folders, unit.folder}):
        kustomization = repository.index.get(folder)
        for patch in items_of(kustomization.data.get("patches")) if kustomization else ():
            if isinstance(patch, Mapping):
                found.append(_with_text(repository, folder, patch))
    return found


def _with_text(repository: Repository, folder: str, patch: Mapping[str, Any]) -> Mapping[str, Any]:
    path = patch.get("path")
    if not isinstance(path, str):
        return patch
    try:
        text = repository.files.text(join(folder, path))
    except YamlFault:
        return patch
    return {**{key: value for key, value in patch.items() if key != "path"}, "patch": text}


def named(unit: BuildUnit, repository: Repository) -> frozenset[str]:
    """The charts named in the kustomizations of a unit."""
    found: set[str] = set()
    for folder in {*unit.inputs.folders, unit.folder}:
        kustomization = repository.index.get(folder)
        found |= _names(kustomization.data if kustomization else {})
    return frozenset(found)


def rendered(unit: BuildUnit) -> frozenset[str]:
    """The charts of a unit that were available locally."""
    found = _names(unit.manifest or {}) if unit.needs_helm else set()
    for data in unit.copies.values():
        found |= _names(data)
    return frozenset(found)


def _names(data: Mapping[str, Any]) -> set[str]:
    entries = items_of(data.get("helmCharts"))
    return {str(entry.get("name") or "") for entry in entries if isinstance(entry, Mapping)}


def versions(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[ChartVersion]:
    """The charts of an object whose version changed."""
    before, after = dict(_charts(old)), dict(_charts(new))
    for name, version in before.items():
        if name in after and after[name] != version:
            yield ChartVersion(name, version, after[name])


def _charts(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The charts in an object, with their versions."""
    kind, spec = data.get("kind"), mapping_of(data.get("spec"))
    if kind == KIND:
        yield str(data.get("chart")), str(data.get("version"))
    elif kind == "HelmRelease" and str(data.get("apiVersion")).startswith(f"{GROUP}/"):
        inline = mapping_of(mapping_of(spec.get("chart")).get("spec"))
        if inline.get("chart"):
            yield str(inline["chart"]), str(inline.get("version") or "")
    elif kind == "HelmChart" and spec.get("chart"):
        yield str(spec["chart"]), str(spec.get("version") or "")
    elif kind == "OCIRepository" and spec.get("url"):
        reference = mapping_of(spec.get("ref"))
        version = str(reference.get("tag") or reference.get("semver") or reference.get("digest") or "")
        yield str(spec["url"]).rstrip("/").rpartition("/")[2], version
    elif kind == "Application":
        for source in (spec.get("source"), *items_of(spec.get("sources"))):
            if mapping_of(source).get("chart"):
                yield str(mapping_of(source)["chart"]), str(mapping_of(source).get("targetRevision") or "")
