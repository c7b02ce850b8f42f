"""How much kustomize has to do for a build: a folder or file counts as often as something names it.

Eighteen levels of two folders that each name the same two are 37 folders to look at, and 524,287 to build.
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

# More than any limit, and still a number that adds up at once.
_ENDLESS = 10**9


@dataclass(frozen=True)
class Weight:
    """Folders that are read, and an upper bound of the objects in them."""

    folders: int = 0
    objects: int = 0

    def __add__(self, other: Weight) -> Weight:
        folders, objects = self.folders + other.folders, self.objects + other.objects
        return Weight(min(folders, _ENDLESS), min(objects, _ENDLESS))


class Weights:
    """Weighs builds; each folder and file is looked at once."""

    def __init__(self, files: RepositoryFiles, index: KustomizationIndex) -> None:
        self._files = files
        self._index = index
        self._known: dict[str, Weight] = {}

    def problem_of(self, unit: BuildUnit) -> tuple[str, str] | None:
        """Why a build is more than kustomize is asked for, and the way out; None when it is not."""
        weight = self._sum(unit.folder, unit.manifest) if unit.manifest is not None else self._of(unit.folder)
        limits = current()
        if weight.folders > limits.folders:
            return (
                f"'{unit.folder}' takes in {weight.folders:,} folders, each counted as often as it is named, "
                f"and no more than {limits.folders:,} are built",
                f"name each base once, or raise the limit with {limits.option('folders', weight.folders)}",
            )
        if weight.objects > limits.objects:
            return (
                f"'{unit.folder}' takes in up to {weight.objects:,} objects in one build, and no more than "
                f"{limits.objects:,} are built: kustomize compares each with every other",
                f"split it into several, or raise the limit with {limits.option('objects', weight.objects)}",
            )
        return None

    def _of(self, path: str) -> Weight:
        if path not in self._known:
            # A circle is told of elsewhere; here it only has to end.
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
            # An object says its apiVersion once, and so do a few of the fields in it.
            return max(1, self._files.text(path).count("apiVersion"))
        except YamlFault:
            return 1


def _named(folder: str, data: Mapping[str, Any]) -> Iterable[str]:
    for reference in references_of(data):
        if reference.expected is not Expected.FILE:
            yield join(folder, reference.entry)
