"""The charts that a repository names: by HelmRelease, Application, helmCharts and Chart.yaml."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from meshwright.argocd.chartdependencies import dependencies_of
from meshwright.check.model.loader import NothingFound, load
from meshwright.check.model.releases import read_releases
from meshwright.check.model.repository import Repository
from meshwright.errors import Position
from meshwright.flux.helmrelease import chart_of, is_helm_release
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.kustomization import KustomizationIndex
from meshwright.manifests.manifestfile import named_documents
from meshwright.manifests.pulledcharts import PinKey, key_of
from meshwright.manifests.unit import BuiltObject, Origin
from meshwright.manifests.values import ChartReference
from meshwright.manifests.workspace import Workspace
from meshwright.yaml import YamlFault
from meshwright.yaml.pointer import mapping_of

_SCHEMES = ("https://", "http://", "oci://")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")
_FLUX = re.compile(r"(?:helm|source)\.toolkit\.fluxcd\.io/")
_SOURCES = ("HelmRepository", "OCIRepository", "HelmChart")


@dataclass(frozen=True)
class WantedChart:
    """A chart that can be pulled; ``places`` are those that name it."""

    source: str
    name: str
    wanted: str
    places: tuple[Position, ...]

    @property
    def key(self) -> PinKey:
        """What identifies its pin."""
        return self.source, self.name, self.wanted

    def __str__(self) -> str:
        return f"{self.name} {self.wanted}".strip()


@dataclass(frozen=True)
class Unpullable:
    """A chart that cannot be pulled, and why."""

    title: str
    reason: str
    place: Position


def wanted_charts(root: Path) -> tuple[list[WantedChart], list[Unpullable]]:
    """Every chart that the repository at ``root`` names, in the order of their names; nothing is fetched.

    Raises MeshwrightError if the repository cannot be read.
    """
    files = RepositoryFiles(root)
    repository = Repository(files, KustomizationIndex(files))
    places: dict[PinKey, list[Position]] = {}
    faults: list[Unpullable] = []
    for title, chart, at in _named(files, repository):
        reason = _obstacle(chart)
        if reason:
            faults.append(Unpullable(title, reason, at))
        else:
            places.setdefault(key_of(chart), []).append(at)
    charts = [WantedChart(*key, tuple(sorted(set(found)))) for key, found in places.items()]
    # An object that several clusters build is one.
    left = {(fault.title, fault.reason): fault for fault in faults}
    return sorted(charts, key=lambda one: (one.name, one.source, one.wanted)), list(left.values())


def _named(files: RepositoryFiles, repository: Repository) -> Iterator[tuple[str, ChartReference, Position]]:
    with Workspace(files.root) as workspace:
        try:
            load(files, workspace, repository=repository)
        except NothingFound:
            # A folder of applications alone, of which only the files are read.
            repository.roots.clear()
        read: set[str] = set()
        for release in read_releases(repository):
            if release.built is not None:
                read.add(release.built.origin.path or "")
            # The chart that an Application builds from a folder, and a dependency beside it, have no source.
            is_here = release.chart.source.startswith("file:") or not release.chart.source
            if release.application is None or not is_here:
                yield release.title, release.chart, release.position
    yield from _unbuilt(files, read)
    for path in files.paths:
        folder, _, name = path.rpartition("/")
        if name == "Chart.yaml":
            for item in dependencies_of(files, folder or "."):
                # file:// is a chart in this repository, and an empty one is in charts/.
                if item.repository and not item.repository.startswith("file:"):
                    yield path, item.chart, item.position


def _unbuilt(files: RepositoryFiles, read: set[str]) -> Iterator[tuple[str, ChartReference, Position]]:
    """The HelmReleases in files that no build has read, such as those of applications to be added."""
    objects: list[tuple[BuiltObject, Position]] = []
    for path in files.yaml_paths():
        try:
            if not _FLUX.search(files.text(path)):
                continue
            for document, pointer, data in named_documents(files, path):
                objects.append((BuiltObject(data, Origin(path=path)), document.position(pointer)))
        except YamlFault:
            continue

    def find(kind: str, namespace: str, name: str) -> BuiltObject | None:
        named = [item for item, _ in objects if (item.kind, item.name) == (kind, name)]
        # kustomize may set the namespace later: one of that name alone is meant, whatever it is in.
        exact = [item for item in named if item.namespace == namespace]
        return exact[0] if exact else named[0] if len(named) == 1 else None

    for item, at in objects:
        if is_helm_release(item) and item.origin.path not in read:
            chart = chart_of(item, find)
            if chart is not None:
                yield item.title, chart, at
            elif _reference(item):
                yield item.title, ChartReference(""), at


def _reference(item: BuiltObject) -> Any:
    return mapping_of(item.data.get("spec")).get("chartRef")


def _obstacle(chart: ChartReference) -> str:
    """Why a chart cannot be pulled; empty if it can."""
    if not chart.name:
        return "its source is not in the repository"
    if not chart.source:
        return f"chart {chart.name} comes from no Helm repository or registry that this repository names"
    source, name, wanted = key_of(chart)
    if "${" in f"{source}{name}{wanted}":
        return f"chart {name} {wanted} has a variable that only the cluster knows"
    if not source.startswith(_SCHEMES):
        return f"chart {name} comes from {source}, which is not the URL of a repository"
    if not _NAME.match(name):
        return f"{name!r} is not the name of a chart"
    return ""
