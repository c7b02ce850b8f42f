"""Which builds two states of a repository have in common: none is made twice, and most not at all.

A unit whose files did not change gives the same objects on both sides. It need not be built unless
something else looks at its objects: Flux and Argo CD objects lead to further roots, ConfigMaps and
Secrets give variables.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.inputfiles import files_of, read_by, referenced
from meshwright.manifests.kustomization import KustomizationIndex
from meshwright.manifests.unit import BuildResult, BuildUnit
from meshwright.yaml import YamlFault
from meshwright.yaml.canonicaltext import identity

# Objects that lead to further roots, in manifests and in patches.
_LEADS_ON = re.compile(
    r"""apiVersion["']?\s*:\s*["']?(?:kustomize\.toolkit\.fluxcd\.io|fluxcd\.controlplane\.io|argoproj\.io)/"""
)
_HOLDS_DATA = re.compile(
    r"""kind["']?\s*:\s*["']?(?:ConfigMap|Secret)\b|configMapGenerator|secretGenerator"""
)
_VARIABLES = re.compile(r"substituteFrom(.{0,2000})", re.DOTALL)
_NAMED = re.compile(r"""name["']?\s*:\s*["']?([\w.-]+)""")


def changed_paths(old: RepositoryFiles, new: RepositoryFiles) -> frozenset[str]:
    """Files that are not the same in both."""
    common = set(old.paths) & set(new.paths)
    differing = {path for path in common if _differs(old, new, path)}
    return frozenset(differing | (set(old.paths) ^ set(new.paths)))


def _differs(old: RepositoryFiles, new: RepositoryFiles, path: str) -> bool:
    try:
        return old.raw(path) != new.raw(path)
    except OSError:
        return True


class Sharing:
    """What both sides know of builds; ``needed`` are units that must be built all the same."""

    def __init__(self, changed: frozenset[str], old: RepositoryFiles, new: RepositoryFiles) -> None:
        self.changed = changed
        self.needed: set[str] = set()
        self.deferred: set[str] = set()
        self._results: dict[str, BuildResult] = {}
        self._touched = {str(folder) for path in changed for folder in PurePosixPath(path).parents}
        self._sources = frozenset(
            name
            for files in (old, new)
            for path in files.yaml_paths()
            if files is old or path in changed
            for name in _sources_named(files, path)
        )
        self._inert: dict[str, bool] = {}

    def side(self, files: RepositoryFiles) -> SideRecall:
        """What one side asks; the same for every pass."""
        return SideRecall(self, files)

    def digest(self, unit: BuildUnit, index: KustomizationIndex) -> str | None:
        """The same text for units that give the same objects on both sides; None when they may differ."""
        if unit.needs_helm or not unit.inputs.files.isdisjoint(self.changed):
            return None
        folders = {*unit.inputs.folders, unit.folder}
        if not folders.isdisjoint(self._touched):
            return None
        if any(path in self.changed for path in referenced(unit, index)):
            return None
        known = (unit.key, unit.folder, unit.manifest, unit.is_empty, unit.blocked)
        return identity([*known, sorted(unit.inputs.files), sorted(folders)])

    def recall(
        self, unit: BuildUnit, digest: str, files: RepositoryFiles, index: KustomizationIndex
    ) -> BuildResult | None:
        """The result of a unit of the other side, or an empty one where nobody will look at it."""
        if digest in self._results:
            return self._results[digest]
        if unit.blocked or digest in self.needed or not self._is_inert(unit, digest, files, index):
            return None
        self.deferred.add(digest)
        return BuildResult(built=True)

    def learn(self, digest: str, result: BuildResult) -> None:
        """Keep a result for the other side."""
        self._results[digest] = result

    def _is_inert(
        self, unit: BuildUnit, digest: str, files: RepositoryFiles, index: KustomizationIndex
    ) -> bool:
        if digest not in self._inert:
            texts = [json.dumps(unit.manifest, default=str), *_texts(unit, files, index)]
            self._inert[digest] = not any(self._leads_on(text, unit.inputs.renames) for text in texts)
        return self._inert[digest]

    def _leads_on(self, text: str, renames: bool) -> bool:
        if _LEADS_ON.search(text):
            return True
        if not self._sources or not _HOLDS_DATA.search(text):
            return False
        # With a prefix in play, a name that is asked for may stand nowhere in the files.
        return renames or any(name in text for name in self._sources)


class SideRecall:
    """The builds of one side: those of earlier passes, those of the other side, and those put off."""

    def __init__(self, sharing: Sharing, files: RepositoryFiles) -> None:
        self._sharing = sharing
        self._files = files
        self._index = KustomizationIndex(files)
        self._own: dict[str, BuildResult] = {}
        self._digests: dict[str, str | None] = {}

    def digest(self, unit: BuildUnit) -> str | None:
        """As Sharing gives it."""
        if unit.key not in self._digests:
            self._digests[unit.key] = self._sharing.digest(unit, self._index)
        return self._digests[unit.key]

    def known(self, unit: BuildUnit) -> BuildResult | None:
        """See Recall."""
        if unit.key in self._own:
            return self._own[unit.key]
        digest = self.digest(unit)
        result = self._sharing.recall(unit, digest, self._files, self._index) if digest else None
        if result is None and not unit.blocked:
            self._files.provide(read_by(unit, self._files, self._index))
        return result

    def takes_variables(self, unit: BuildUnit) -> bool:
        """Whether anything that goes into a unit has what Flux substitutes."""
        texts = (json.dumps(unit.manifest, default=str), *_texts(unit, self._files, self._index))
        return any(mark in text for text in texts for mark in ("${", "$$"))

    def learn(self, unit: BuildUnit, result: BuildResult) -> None:
        """See Recall."""
        self._own[unit.key] = result
        if digest := self.digest(unit):
            self._sharing.learn(digest, result)


def _texts(unit: BuildUnit, files: RepositoryFiles, index: KustomizationIndex) -> Iterator[str]:
    for path in files_of(unit, files, index):
        try:
            yield files.text(path)
        except YamlFault:
            continue


def _sources_named(files: RepositoryFiles, path: str) -> Iterator[str]:
    try:
        text = files.text(path)
    except YamlFault:
        return
    if "substituteFrom" in text:
        for found in _VARIABLES.finditer(text):
            yield from _NAMED.findall(found[1])
