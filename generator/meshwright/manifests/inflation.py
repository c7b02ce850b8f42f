"""Makes kustomizations with ``helmCharts`` buildable: available charts are rendered, others left out.

The repository is not changed: a build gets copies of its kustomizations in which chartHome points to the
charts that were found, and entries for other charts are removed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from meshwright.errors import Position
from meshwright.finding import Finding, NotSeen
from meshwright.manifests.chartcopy import ChartFault
from meshwright.manifests.chartstore import PULL, ChartStore
from meshwright.manifests.entry import EntryPoint, entry_problem
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.kustomization import (
    PLUGIN_FIELDS,
    Expected,
    KustomizationFile,
    KustomizationIndex,
    join,
)
from meshwright.manifests.lenient import make_lenient
from meshwright.manifests.plugins import configurations, is_helm
from meshwright.manifests.remote import is_remote
from meshwright.manifests.unit import BuildUnit
from meshwright.manifests.values import ChartReference
from meshwright.yaml.pointer import items_of

_HELM_FIELDS = ("helmCharts", "helmGlobals", "helmChartInflationGenerator")
_OLD_FIELD = "helmChartInflationGenerator"


@dataclass
class Inflated:
    """A unit that builds offline, and the parts that are missing from it."""

    unit: BuildUnit
    findings: list[Finding] = field(default_factory=list)
    not_seen: list[NotSeen] = field(default_factory=list)


class Inflation:
    """Prepares units whose kustomizations have ``helmCharts``."""

    def __init__(self, files: RepositoryFiles, index: KustomizationIndex, store: ChartStore) -> None:
        self._files = files
        self._index = index
        self._store = store

    def prepare(self, unit: BuildUnit) -> Inflated:
        """``unit`` adapted for an offline build; unchanged if it has no charts."""
        if not unit.inputs.helm or unit.blocked:
            return Inflated(unit)
        inflated = Inflated(unit)
        sources = {folder: self._index.get(folder) for folder in sorted(unit.inputs.folders)}
        copies: dict[str, dict[str, Any]] = {}
        rendered = missing = False
        for folder, kustomization in sources.items():
            if kustomization is None:
                continue
            on_top = folder == unit.folder and unit.manifest is not None
            data = dict(unit.manifest if on_top and unit.manifest is not None else kustomization.data)
            inflated.findings.extend(self._missing_files(kustomization))
            for item in self._strip(data, kustomization):
                if isinstance(item, Finding):
                    inflated.findings.append(item)
                else:
                    inflated.not_seen.append(item)
            missing = missing or bool(inflated.not_seen)
            rendered = rendered or bool(data.get("helmCharts"))
            copies[folder] = data
        if missing:
            for folder, data in copies.items():
                make_lenient(data, self._files, folder)
        manifest = copies.pop(unit.folder, None) if unit.manifest is not None else None
        inflated.unit = replace(
            unit,
            manifest=manifest if manifest is not None else unit.manifest,
            copies=copies,
            needs_helm=rendered,
            is_inflated=True,
        )
        return inflated

    def _strip(self, data: dict[str, Any], kustomization: KustomizationFile) -> Iterator[Finding | NotSeen]:
        """Keep only the available charts in ``data``; reports the others, and what kustomize refuses."""
        beside = self._beside(kustomization.folder, _chart_home(data))
        kept, found = [], []
        entries, old = items_of(data.get("helmCharts")), items_of(data.get(_OLD_FIELD))
        for name in _HELM_FIELDS:
            data.pop(name, None)
        for number, entry in enumerate(entries):
            if not isinstance(entry, Mapping):
                continue
            name, version = str(entry.get("name") or ""), str(entry.get("version") or "")
            chart = ChartReference(name, version, str(entry.get("repo") or ""))
            reason = self._unsupported(entry, kustomization.folder)
            folder = None
            try:
                folder = None if reason else self._store.find(chart, beside)
                if folder is not None:
                    version = self._store.version_of(chart)
                    self._store.home([(name, version, folder)])
            except ChartFault as fault:
                folder, reason = None, self._in_repository(str(fault))
            if folder is None:
                at = kustomization.position(("helmCharts", number))
                yield chart_not_seen(f"'{kustomization.folder}'", name, version, at, reason)
                continue
            if not entry.get("valuesFile") and not (folder / "values.yaml").is_file():
                text = f"chart '{name}' has no values.yaml, which kustomize reads if no valuesFile is set"
                fix = "add values.yaml to the chart, or set valuesFile; an empty file will do"
                yield Finding(
                    "build/missing-resource", kustomization.position(("helmCharts", number)), text, fix
                )
            kept.append({**entry, "version": version} if version else dict(entry))
            found.append((name, version, folder))
        yield from self._without_plugins(data, kustomization)
        for number, _ in enumerate(old):
            at = kustomization.position((_OLD_FIELD, number))
            yield NotSeen(f"'{kustomization.folder}'", f"{_OLD_FIELD} is not rendered by this check", at)
        if kept:
            data["helmCharts"] = kept
            data["helmGlobals"] = {"chartHome": str(self._store.home(found))}
        # kustomize refuses an empty kustomization.
        data.setdefault("generatorOptions", {})

    def _beside(self, folder: str, home: str) -> Path | None:
        """The charts folder of a kustomization, if it is inside the repository."""
        path = join(folder, home)
        return None if self._files.withheld(path) else self._files.root / path

    def _in_repository(self, text: str) -> str:
        return text.replace(f"{self._files.root}/", "")

    def _without_plugins(self, data: dict[str, Any], kustomization: KustomizationFile) -> Iterator[NotSeen]:
        """Remove entries of plugin fields that render charts."""
        for name in PLUGIN_FIELDS:
            kept = []
            for number, entry in enumerate(items_of(data.get(name))):
                if self._renders(kustomization.folder, entry):
                    at = kustomization.position((name, number))
                    reason = f"{name} render a chart, which this check does not support"
                    yield NotSeen(f"'{kustomization.folder}'", reason, at)
                else:
                    kept.append(entry)
            if name in data:
                data[name] = kept

    def _renders(self, folder: str, entry: Any) -> bool:
        objects = configurations(folder, entry, self._files, self._index)
        return any(isinstance(item, Mapping) and is_helm(item) for item in objects)

    def _unsupported(self, entry: Mapping[str, Any], folder: str) -> str:
        for file in (entry.get("valuesFile"), *items_of(entry.get("additionalValuesFiles"))):
            if isinstance(file, str) and is_remote(file):
                return f"its values file '{file}' is on the network"
            path = join(folder, file) if isinstance(file, str) and file else ""
            if path and entry_problem(
                self._files, self._index, EntryPoint(path, Position(""), Expected.FILE)
            ):
                return f"its values file '{file}' cannot be read"
        return _option_in(entry)

    def _missing_files(self, kustomization: KustomizationFile) -> Iterator[Finding]:
        for number, entry in enumerate(items_of(kustomization.data.get("helmCharts"))):
            if not isinstance(entry, Mapping):
                continue
            named = [(("valuesFile",), entry.get("valuesFile"))]
            more = items_of(entry.get("additionalValuesFiles"))
            named += [(("additionalValuesFiles", index), file) for index, file in enumerate(more)]  # type: ignore[misc]
            for pointer, file in named:
                path = join(kustomization.folder, file) if isinstance(file, str) and file else ""
                if not path or is_remote(str(file)):
                    continue
                at = kustomization.position(("helmCharts", number, *pointer))
                if problem := entry_problem(self._files, self._index, EntryPoint(path, at, Expected.FILE)):
                    yield problem


def chart_not_seen(subject: str, name: str, version: str, at: Position, reason: str = "") -> NotSeen:
    """The report about a chart that is not rendered."""
    chart = f"{name} {version}".strip()
    why = reason or f"it is in no charts folder; {PULL}"
    return NotSeen(subject, f"chart {chart} is not rendered: {why}", at)


def _option_in(entry: Mapping[str, Any]) -> str:
    # Helm gets the release name as an argument; with a leading dash it would be an option.
    name = str(entry.get("releaseName") or "")
    return f"'{name}' is not a valid release name" if name.startswith("-") else ""


def _chart_home(data: Mapping[str, Any]) -> str:
    settings = data.get("helmGlobals")
    home = settings.get("chartHome") if isinstance(settings, Mapping) else None
    return home if isinstance(home, str) and home else "charts"
