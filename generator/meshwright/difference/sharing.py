"""Shares builds between two states of a repository, so that no build runs twice and most never run.

A unit with unchanged files has the same objects on both sides. It only needs to be built if something else
reads its objects: Flux and Argo CD objects refer to further roots, and ConfigMaps and Secrets provide
variables.
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

# Objects that refer to further roots, in manifests and in patches.
_ENGINE_OBJECT = re.compile(
    r"""apiVersion["']?\s*:\s*["']?(?:kustomize\.toolkit\.fluxcd\.io|fluxcd\.controlplane\.io|argoproj\.io)/"""
)
_HOLDS_DATA = re.compile(
    r"""kind["']?\s*:\s*["']?(?:ConfigMap|Secret)\b|configMapGenerator|secretGenerator"""
)
_VARIABLES = re.compile(r"substituteFrom(.{0,2000})", re.DOTALL)
_NAMED = re.compile(r"""name["']?\s*:\s*["']?([\w.-]+)""")


def changed_paths(old: RepositoryFiles, new: RepositoryFiles) -> frozenset[str]:
    """The files that differ."""
    common = set(old.paths) & set(new.paths)
    differing = {path for path in common if _differs(old, new, path)}
    return frozenset(differing | (set(old.paths) ^ set(new.paths)))


def _differs(old: RepositoryFiles, new: RepositoryFiles, path: str) -> bool:
    try:
        return old.raw(path) != new.raw(path)
    except OSError:
        return True


class SharedBuilds:
    """The builds that both sides share; ``needed`` are digests of units that must be built anyway."""

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

    def side(self, files: RepositoryFiles) -> SideBuilds:
        """The builds of one side, kept across passes."""
        return SideBuilds(self, files)

    def digest(self, unit: BuildUnit, index: KustomizationIndex) -> str | None:
        """A text that is equal for units with equal objects on both sides; None if they may differ."""
        if unit.needs_helm or not unit.inputs.files.isdisjoint(self.changed):
            return None
        folders = {*unit.inputs.folders, unit.folder}
        if not folders.isdisjoint(self._touched):
            return None
        if any(path in self.changed for path in referenced(unit, index)):
            return None
        facts = (unit.key, unit.folder, unit.manifest, unit.is_empty, unit.blocked)
        return identity([*facts, sorted(unit.inputs.files), sorted(folders)])

    def recall(
        self, unit: BuildUnit, digest: str, files: RepositoryFiles, index: KustomizationIndex
    ) -> BuildResult | None:
        """The result from the other side, or an empty one if nothing reads the unit's objects."""
        if digest in self._results:
            return self._results[digest]
        if unit.blocked or digest in self.needed or not self._is_inert(unit, digest, files, index):
            return None
        self.deferred.add(digest)
        return BuildResult(built=True)

    def learn(self, digest: str, result: BuildResult) -> None:
        """Scope a result for the other side."""
        self._results[digest] = result

    def _is_inert(
        self, unit: BuildUnit, digest: str, files: RepositoryFiles, index: KustomizationIndex
    ) -> bool:
        if digest not in self._inert:
            texts = [json.dumps(unit.manifest, default=str), *_texts(unit, files, index)]
            self._inert[digest] = not any(
                self._is_read_by_others(text, unit.inputs.renames) for text in texts
            )
        return self._inert[digest]

    def _is_read_by_others(self, text: str, renames: bool) -> bool:
        if _ENGINE_OBJECT.search(text):
            return True
        if not self._sources or not _HOLDS_DATA.search(text):
            return False
        # With a name prefix or suffix, the files may not contain a referenced name.
        return renames or any(name in text for name in self._sources)


class SideBuilds:
    """The builds of one side: from earlier passes, from the other side, and deferred ones."""

    def __init__(self, sharing: SharedBuilds, files: RepositoryFiles) -> None:
        self._sharing = sharing
        self._files = files
        self._index = KustomizationIndex(files)
        self._own: dict[str, BuildResult] = {}
        self._digests: dict[str, str | None] = {}

    def digest(self, unit: BuildUnit) -> str | None:
        """See SharedBuilds."""
        if unit.key not in self._digests:
            self._digests[unit.key] = self._sharing.digest(unit, self._index)
        return self._digests[unit.key]

    def known(self, unit: BuildUnit) -> BuildResult | None:
        """See KnownBuilds."""
        if unit.key in self._own:
            return self._own[unit.key]
        digest = self.digest(unit)
        result = self._sharing.recall(unit, digest, self._files, self._index) if digest else None
        if result is None and not unit.blocked:
            self._files.provide(read_by(unit, self._files, self._index))
        return result

    def takes_variables(self, unit: BuildUnit) -> bool:
        """Whether the inputs of a unit contain variables that Flux substitutes."""
        texts = (json.dumps(unit.manifest, default=str), *_texts(unit, self._files, self._index))
        return any(mark in text for text in texts for mark in ("${", "$$"))

    def learn(self, unit: BuildUnit, result: BuildResult) -> None:
        """See KnownBuilds."""
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
