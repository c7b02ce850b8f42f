"""Bases that only the real kustomize can build: with patches, components, prefixes and so on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from meshwright.apps.model import Base, HelmEntry
from meshwright.errors import Position
from meshwright.finding import Finding
from meshwright.manifests.entry import EntryPoint
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.inputsreader import BuildInputsReader
from meshwright.manifests.kustomization import KustomizationIndex
from meshwright.manifests.source import position_of
from meshwright.manifests.steadybuilds import SteadyBuilds
from meshwright.manifests.unit import BuildUnit, BuiltObject
from meshwright.manifests.workspace import Workspace
from meshwright.yaml.pointer import items_of


def build_bases(root: Path, paths: Sequence[str]) -> tuple[dict[str, Base], list[Finding]]:
    """Every base of ``paths`` and kustomize's findings. Raises MeshwrightError without kustomize.

    Remote resources, and the objects of a kustomization's charts, are not read; the rest is.
    """
    files = RepositoryFiles(root)
    index = KustomizationIndex(files)
    inputs_reader = BuildInputsReader(files, index)
    findings: list[Finding] = []
    bases: dict[str, Base] = {}
    # A base without a kustomization is reported as a fault of the spec.
    bases |= {path: Base(path) for path in paths if path not in index}
    paths = [path for path in paths if path in index]
    with Workspace(files.root) as workspace:
        builds = SteadyBuilds(files, index, workspace, goes_on=False)
        units = [_unit(path, index, inputs_reader) for path in paths]
        builds.ensure(units)
        for path, unit in zip(paths, units, strict=True):
            result = builds.result(unit)
            # What fails without a missing part may well build with it.
            failed = bool(result.findings) and not (unit.inputs.buildable or unit.inputs.findings)
            findings += [] if failed else result.findings
            objects = tuple(_placed(files, item) for item in ([] if failed else result.objects))
            charts = [item.name for item in objects if item.kind == "HelmRelease"]
            chart_entries = tuple(_helm_charts(index, unit))
            charts += [str(entry.data.get("releaseName") or entry.data["name"]) for entry in chart_entries]
            inputs = unit.inputs
            entries = [entry for entry, _ in (*inputs.remote, *inputs.helm)]
            not_seen = (*entries, *(entry for entry, _, _ in inputs.withheld))
            helm = tuple(at for _, at in inputs.helm)
            bases[path] = Base(path, objects, tuple(charts), not_seen, helm, chart_entries)
    return bases, list(dict.fromkeys(findings))


def _placed(files: RepositoryFiles, item: BuiltObject) -> BuiltObject:
    return BuiltObject(item.data, replace(item.origin, place=position_of(files, item)))


def _unit(path: str, index: KustomizationIndex, inputs_reader: BuildInputsReader) -> BuildUnit:
    own = index.get(path)
    at = Position(own.path) if own else Position(path)
    inputs = inputs_reader.read([EntryPoint(path, at)])
    empty = own is not None and own.is_empty
    return BuildUnit(f"base:{path}", path, inputs, at, None, empty, inputs.blocked or bool(inputs.findings))


def _helm_charts(index: KustomizationIndex, unit: BuildUnit) -> Iterator[HelmEntry]:
    outer = index.get(unit.folder)
    over = outer.data.get("namespace") if outer else None
    for folder in sorted(unit.inputs.folders):
        own = index.get(folder)
        if own is None:
            continue
        for number, chart in enumerate(items_of(own.data.get("helmCharts"))):
            if isinstance(chart, dict) and chart.get("name"):
                namespace = over or own.data.get("namespace") or chart.get("namespace") or ""
                yield HelmEntry(chart, folder, str(namespace), own.position(("helmCharts", number)))
