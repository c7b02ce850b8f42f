"""What a generated repository installs: each layer and application with its objects, charts rendered."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from meshwright.check.model.loader import load
from meshwright.check.model.releases import ChartRelease, read_releases
from meshwright.check.model.repository import Repository, Root, RootKind
from meshwright.errors import Position
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.values import ChartReference, ValuesLayer, merge
from meshwright.manifests.workspace import Workspace
from meshwright.yaml import parse, parse_all
from realcharts.charts import Charts
from realcharts.fault import Fault
from realcharts.helm import Helm, HelmError

Object = Mapping[str, Any]
# k3s renders its own Traefik chart; HelmChartConfig only adds values to it.
_PACKAGED = "HelmChartConfig"
_DIGEST = re.compile(r"checksum/\S+: \S+")


@dataclass(frozen=True)
class Part:
    """A layer or application: its name, the file to look at, the objects without hooks for tests."""

    name: str
    place: str
    objects: tuple[Object, ...]


@dataclass
class Installation:
    """One repository: its parts, its chart releases, and what could not be rendered."""

    parts: list[Part] = field(default_factory=list)
    releases: list[ChartRelease] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)

    def objects(self, *kinds: str) -> Iterator[tuple[Part, Object]]:
        """The objects of these kinds with their parts; every object if no kind is given."""
        for part in self.parts:
            for one in part.objects:
                if not kinds or one.get("kind") in kinds:
                    yield part, one


def read(folder: Path, charts: Charts, helm: Helm, packaged: Mapping[str, tuple[str, ...]]) -> Installation:
    """Build the repository in ``folder`` and render its charts.

    ``packaged`` names the versions of charts that the distribution installs itself, by HelmChartConfig.
    """
    files = RepositoryFiles(folder)
    found = Installation()
    with Workspace(files.root) as workspace:
        asked = _asked(files, workspace)
        found.unseen += charts.provide(sorted(asked, key=str))
    with Workspace(files.root) as workspace:
        repository = load(files, workspace, charts.folder, helm.minor)
        found.faults += [
            Fault(finding.position.path or ".", f"does not build: {finding}")
            for finding in repository.findings
        ]
        found.releases = [one for one in read_releases(repository) if one.chart.version]
        _expand(repository, found, helm, charts)
        _add_packaged(found, packaged)
    return found


def _asked(files: RepositoryFiles, workspace: Workspace) -> set[ChartReference]:
    return {one.chart for one in read_releases(load(files, workspace)) if one.chart.version}


def _expand(repository: Repository, found: Installation, helm: Helm, charts: Charts) -> None:
    for root in repository.roots:
        if root.kind not in (RootKind.FLUX, RootKind.ARGOCD):
            continue
        objects = [_placed(built.data, _namespace(root)) for built in root.objects]
        for release in found.releases:
            if release.root is root:
                rendered = _rendered(found, release, helm, charts)
                # kustomize has rendered the charts of Argo CD already, and patched the result.
                objects += rendered if release.built is not None else []
        if objects:
            found.parts.append(Part(root.name, _place(root), tuple(objects)))


def _rendered(found: Installation, release: ChartRelease, helm: Helm, charts: Charts) -> list[Object]:
    place = place_of(release)
    folder = charts.find(release.chart)
    if folder is None:
        return []
    try:
        first = helm.template(folder, release.name, release.namespace, release.values.data)
    except HelmError as error:
        found.faults.append(
            Fault(place, f"helm refuses {release.chart.name} {release.chart.version}: {error}")
        )
        return []
    second = helm.template(folder, release.name, release.namespace, release.values.data)
    if _kept(first, release) != _kept(second, release):
        found.faults.append(Fault(place, f"two renders of {release.chart.name} differ"))
    documents = parse_all(first, place)
    return [_placed(one, release.namespace) for one in documents if isinstance(one, dict)]


def _kept(rendered: str, release: ChartRelease) -> str:
    """What must stay the same. On Flux, Helm finds the Secrets of the cluster, and charts keep their data."""
    if release.built is None:
        return rendered
    documents = rendered.split("\n---\n")
    return _DIGEST.sub("", "\n---\n".join(one for one in documents if "\nkind: Secret\n" not in f"\n{one}\n"))


def place_of(release: ChartRelease) -> str:
    """The file and line of a release's version, or of its first value."""
    with contextlib.suppress(LookupError):
        return str(release.values.position(()).path or release.position)
    return str(release.position)


def _place(root: Root) -> str:
    """The folder that a part is built from, as people know it: the base of a generated overlay."""
    return re.sub(r"^mesh/apps/[^/]+/", "apps/", root.path) or root.name


def _namespace(root: Root) -> str:
    if root.application is not None:
        return str(root.application.destination.get("namespace") or "default")
    return "default"


def _placed(data: Object, namespace: str) -> Object:
    """The object with the namespace that it is applied to, where it names none."""
    metadata = data.get("metadata") or {}
    if metadata.get("namespace"):
        return data
    return {**data, "metadata": {**metadata, "namespace": namespace}}


def _at(position: Position, _pointer: object, _key: object) -> Position:
    """Every value of a HelmChartConfig is in one place: a text in one object."""
    return position


def _add_packaged(found: Installation, packaged: Mapping[str, tuple[str, ...]]) -> None:
    """The charts whose values a HelmChartConfig adds to, as releases: only the values are judged."""
    for part, one in list(found.objects(_PACKAGED)):
        name = str(one["metadata"]["name"])
        text = (one.get("spec") or {}).get("valuesContent") or ""
        values = parse(text) or {}
        sample = next(iter(found.releases), None)
        if sample is None:
            continue
        for version in packaged.get(name, ()):
            layer = ValuesLayer(values, functools.partial(_at, sample.position))
            found.releases.append(
                dataclasses.replace(
                    sample,
                    chart=ChartReference(name, version),
                    name=name,
                    namespace=str(one["metadata"]["namespace"]),
                    title=f"HelmChartConfig '{name}' ({part.name})",
                    values=merge([layer]),
                    built=None,
                )
            )
