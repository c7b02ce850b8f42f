"""The source files of a generated ConfigMap or Secret."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import Any

from meshwright.errors import Position
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.kustomization import KustomizationFile, KustomizationIndex, hashes_names, join
from meshwright.manifests.source import position_of, source_of
from meshwright.manifests.unit import BuiltObject
from meshwright.yaml.pointer import Pointer, items_of

_FIELDS = {"ConfigMap": "configMapGenerator", "Secret": "secretGenerator"}


@dataclass(frozen=True)
class GeneratorEntry:
    """One entry of configMapGenerator or secretGenerator."""

    kustomization: KustomizationFile
    pointer: Pointer
    data: dict[str, Any]

    def file_of(self, key: str) -> str | None:
        """The repository path of the file that provides ``key``, if a file does."""
        for entry in items_of(self.data.get("files")):
            name, _, path = str(entry).rpartition("=")
            if (name or posixpath.basename(path)) == key:
                return join(self.kustomization.folder, path)
        return None

    @property
    def files(self) -> list[str]:
        """All files that the entry reads."""
        entries = [str(entry).rpartition("=")[2] for entry in items_of(self.data.get("files"))]
        entries += [str(entry) for entry in items_of(self.data.get("envs"))]
        return [join(self.kustomization.folder, entry) for entry in entries]

    @property
    def position(self) -> Position:
        """The entry's position."""
        return self.kustomization.position(self.pointer)

    @property
    def hashes_name(self) -> bool:
        """Whether kustomize adds a hash of the content to the name."""
        options = (self.kustomization.data.get("generatorOptions"), self.data.get("options"))
        return all(hashes_names(option) for option in options)


def generator_entry(index: KustomizationIndex, built: BuiltObject) -> GeneratorEntry | None:
    """The entry that generated ``built``; its name may have a prefix, a suffix and a hash."""
    field = _FIELDS.get(built.kind)
    path = built.origin.configured_in
    kustomization = index.get(posixpath.dirname(path) or ".") if path else None
    if field is None or kustomization is None or kustomization.path != path:
        return None
    entries = [
        GeneratorEntry(kustomization, (field, number), entry)
        for number, entry in enumerate(items_of(kustomization.data.get(field)))
        if isinstance(entry, dict) and str(entry.get("name") or "\0") in built.name
    ]
    return max(entries, key=lambda entry: len(str(entry.data["name"])), default=None)


def place_of(
    files: RepositoryFiles,
    index: KustomizationIndex,
    built: BuiltObject,
    pointer: Pointer = (),
    *,
    key: bool = False,
) -> Position:
    """The best known position of a value, for objects read from a file or generated.

    A generated value is in the file that provides its key, or in the generator's entry.
    """
    if built.origin.is_chart:
        return _chart_position(files, index, built)
    entry = None if source_of(files, built) else generator_entry(index, built)
    if entry is None:
        return position_of(files, built, pointer, key=key)
    file = entry.file_of(str(pointer[1])) if len(pointer) > 1 else None
    return Position(file, 1, 1) if file else entry.position


def _chart_position(files: RepositoryFiles, index: KustomizationIndex, built: BuiltObject) -> Position:
    """The helmCharts entry that rendered ``built``, or the field if there are several."""
    path = built.origin.configured_in
    kustomization = index.get(posixpath.dirname(path) or ".") if path else None
    if kustomization is None or kustomization.path != path or not kustomization.data.get("helmCharts"):
        return position_of(files, built)
    alone = len(items_of(kustomization.data["helmCharts"])) == 1
    return kustomization.position(("helmCharts", 0) if alone else ("helmCharts",), key=not alone)
