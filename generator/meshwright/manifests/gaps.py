"""Builds go on without what is missing, on the network or broken: the rest of a build unit is still built.

The repository is not changed: kustomize gets copies of the unit's kustomizations without those entries.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from meshwright.errors import Position
from meshwright.manifests.entry import EntryPoint, entry_problem
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.inline import inline_objects
from meshwright.manifests.kustomization import (
    PLUGIN_FIELDS,
    Expected,
    KustomizationIndex,
    Reference,
    join,
    references_of,
)
from meshwright.manifests.lenient import make_lenient
from meshwright.manifests.plugins import (
    ModifiedConfiguration,
    configuration_files,
    is_helm,
    problem_of,
    references_in,
)
from meshwright.manifests.remote import is_remote
from meshwright.manifests.unit import BuildUnit
from meshwright.yaml import YamlFault
from meshwright.yaml.pointer import items_of

_HELM_FIELDS = ("helmCharts", "helmGlobals", "helmChartInflationGenerator")
_GENERATORS = ("configMapGenerator", "secretGenerator")


class Gaps:
    """Takes out of build units what cannot be built."""

    def __init__(self, files: RepositoryFiles, index: KustomizationIndex) -> None:
        self._files = files
        self._index = index

    def without(self, unit: BuildUnit, broken: Collection[str] = ()) -> BuildUnit:
        """``unit`` without the entries that cannot be built; ``broken`` are files to leave out, too."""
        copies: dict[str, dict[str, Any]] = {}
        for folder in sorted(unit.inputs.folders):
            own = self._index.get(folder)
            data = unit.copies.get(folder) or (own.data if own else {})
            copies[folder] = self._rest(folder, data, broken, unit.needs_helm)
        manifest = unit.manifest
        if manifest is not None:
            manifest = self._rest(unit.folder, manifest, broken, unit.needs_helm)
            copies.pop(unit.folder, None)
        return replace(unit, manifest=manifest, copies=copies)

    def _rest(
        self, folder: str, data: Mapping[str, Any], broken: Collection[str], charts: bool
    ) -> dict[str, Any]:
        rest = copy.deepcopy(dict(data))
        # From the back, so that positions in lists stay right.
        for reference in reversed(list(references_of(data))):
            if self._is_missing(folder, reference, broken):
                _take_out(rest, reference)
        for name in PLUGIN_FIELDS:
            if name in rest:
                rest[name] = [entry for entry in items_of(rest[name]) if self._is_plugin(folder, entry)]
        for name in _GENERATORS:
            for entry in items_of(rest.get(name)):
                # What it would be merged into may be missing.
                if isinstance(entry, dict):
                    entry.pop("behavior", None)
        if not charts:
            for name in _HELM_FIELDS:
                rest.pop(name, None)
        make_lenient(rest, self._files, folder)
        # kustomize refuses an empty kustomization.
        rest.setdefault("metadata", {"name": "rest"})
        return rest

    def _is_missing(self, folder: str, reference: Reference, broken: Collection[str]) -> bool:
        if is_remote(reference.entry):
            return True
        path = join(folder, reference.entry)
        if path in broken or self._refuses(path, reference.expected):
            return True
        own = self._index.get(path)
        if own is not None and own.fault is not None:
            return True
        is_raw = reference.field in _GENERATORS
        return own is None and not is_raw and self._files.limit_of(path) is not None

    def _refuses(self, path: str, expected: Expected) -> bool:
        return entry_problem(self._files, self._index, EntryPoint(path, Position(path), expected)) is not None

    def _is_plugin(self, folder: str, entry: Any) -> bool:
        """Whether an entry of a plugin field can be passed to kustomize."""
        if not isinstance(entry, str):
            return False
        objects = inline_objects(entry)
        try:
            if objects is None:
                files = configuration_files(join(folder, entry), self._files, self._index)
                objects = [item.data for file in files for item in self._files.documents(file)]
        except (ModifiedConfiguration, YamlFault):
            return False
        return all(
            not problem_of(item) and not is_helm(item) and self._has_files(folder, item) for item in objects
        )

    def _has_files(self, folder: str, config: Mapping[str, Any]) -> bool:
        return not any(
            is_remote(reference.entry) or self._refuses(join(folder, reference.entry), Expected.FILE)
            for reference in references_in(config)
        )


def _take_out(data: dict[str, Any], reference: Reference) -> None:
    """Remove the entry of a reference; of a generator only its file, of another object all of it."""
    pointer = reference.pointer
    if reference.field == "openapi":
        del data["openapi"]
        return
    inside: Any = data[reference.field]
    if reference.field in _GENERATORS:
        entry = inside[pointer[1]]
        if len(pointer) > 3:
            del entry[pointer[2]][pointer[3]]
        else:
            del entry[pointer[2]]
        return
    del inside[pointer[1]]
