"""The work that a build is for kustomize: a folder or file counts as often as it is referenced.

Eighteen levels of two folders that both reference the same two are 37 folders on disk, but 524,287 builds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from meshwright.limits import current
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.kustomization import Expected, KustomizationIndex, join, references_of
from meshwright.manifests.unit import BuildUnit
from meshwright.yaml import YamlFault

# More than any limit; sums are capped here to keep the numbers small.
_CAP = 10**9


@dataclass(frozen=True)
class Weight:
    """The number of folders that are read, and an upper bound of their objects."""

    folders: int = 0
    objects: int = 0

    def __add__(self, other: Weight) -> Weight:
        folders, objects = self.folders + other.folders, self.objects + other.objects
        return Weight(min(folders, _CAP), min(objects, _CAP))


class Weights:
    """Computes the weight of builds; each folder and file is read once."""

    def __init__(self, files: RepositoryFiles, index: KustomizationIndex) -> None:
        self._files = files
        self._index = index
        self._known: dict[str, Weight] = {}

    def problem_of(self, unit: BuildUnit) -> tuple[str, str] | None:
        """The message and the fix if a build exceeds a limit, else None."""
        weight = self._sum(unit.folder, unit.manifest) if unit.manifest is not None else self._of(unit.folder)
        limits = current()
        if weight.folders > limits.folders:
            return (
                f"'{unit.folder}' includes {weight.folders:,} folders, counting repeated references; "
                f"the limit is {limits.folders:,}",
                f"list each base once, or raise the limit with {limits.option('folders', weight.folders)}",
            )
        if weight.objects > limits.objects:
            return (
                f"'{unit.folder}' includes up to {weight.objects:,} objects in one build; the limit is "
                f"{limits.objects:,}, because kustomize compares each object with every other",
                f"split the build, or raise the limit with {limits.option('objects', weight.objects)}",
            )
        return None

    def _of(self, path: str) -> Weight:
        if path not in self._known:
            # Terminates on cycles, which are reported elsewhere.
            self._known[path] = Weight()
            own = self._index.get(path)
            if own is None or path not in self._index:
                self._known[path] = Weight(0, self._objects(path))
            else:
                self._known[path] = Weight(1) + self._sum(path, own.data)
        return self._known[path]

    def _sum(self, folder: str, data: Mapping[str, Any]) -> Weight:
        total = Weight()
        for path in _named(folder, data):
            total += self._of(path)
        return total

    def _objects(self, path: str) -> int:
        try:
            # Each object has an apiVersion; a few nested fields have one too.
            return max(1, self._files.text(path).count("apiVersion"))
        except YamlFault:
            return 1


def _named(folder: str, data: Mapping[str, Any]) -> Iterable[str]:
    for reference in references_of(data):
        if reference.expected is not Expected.FILE:
            yield join(folder, reference.entry)
