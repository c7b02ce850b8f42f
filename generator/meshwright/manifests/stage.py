"""The copy of a repository that kustomize reads: only what a build references, checked before it is copied.

Every file keeps its path. A kustomization is rewritten from its parsed form, so that kustomize cannot
interpret it differently; all its paths refer to files in the copy.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from meshwright.limits import current
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.inline import as_text
from meshwright.manifests.kustomization import PLUGIN_FIELDS, KustomizationIndex, join
from meshwright.manifests.plugins import (
    ModifiedConfiguration,
    configuration_files,
    moved,
    problem_of,
    references_in,
)
from meshwright.manifests.relocation import relocate
from meshwright.yaml import YamlFault, flow

HELM_FIELDS = ("helmCharts", "helmGlobals", "helmChartInflationGenerator")


class Withheld(Exception):
    """A path that must not be passed to kustomize; the message names it and says why."""


class Stage:
    """Copies of a repository's files below ``root``, made on demand."""

    def __init__(self, files: RepositoryFiles, index: KustomizationIndex, root: Path) -> None:
        self.root = root
        self._files = files
        self._index = index
        self._placed: set[str] = set()
        self._folders: set[str] = set()

    def place(self, path: str) -> Path:
        """Copy ``path``, a file or a folder with a kustomization; returns the copy. Raises Withheld."""
        pending = [path]
        while pending:
            following = pending.pop()
            if following in self._placed:
                continue
            self._placed.add(following)
            self._refuse(following)
            if self._files.is_file(following):
                self._write(following, self._content(following))
            else:
                pending += self._place_folder(following)
        return self.root / path

    def configurations(self, folder: str, entry: str) -> Sequence[Mapping[str, Any]]:
        """The objects that ``entry`` of a plugin field in ``folder`` refers to. Raises Withheld."""
        return [item for file in self._configuration_files(folder, entry) for item in self._read(file)]

    def _place_folder(self, folder: str) -> list[str]:
        """Write the kustomization of a folder; returns the paths that it references."""
        own = self._index.get(folder)
        if own is None or own.fault:
            raise Withheld(f"'{folder}' has no readable kustomization")
        named: list[str] = []

        def seen_from(entry: str) -> str:
            named.append(join(folder, entry))
            return _relative(posixpath.relpath(named[-1], folder))

        data = relocate(own.data, seen_from)
        for name in HELM_FIELDS:
            data.pop(name, None)
        self._write(own.path, utf8(flow(data, default=str)))
        for reference in own.references:
            if reference.field in PLUGIN_FIELDS:
                named += self._place_configurations(folder, reference.entry)
        return named

    def _place_configurations(self, folder: str, entry: str) -> Iterator[str]:
        """Write the configurations of a plugin field of ``folder``; yields the files that they reference."""
        for file in self._configuration_files(folder, entry):
            self._placed.add(file)
            objects = self._read(file)
            tidied = [moved(item, lambda path: _relative(posixpath.normpath(path))) for item in objects]
            self._write(file, utf8(as_text(tidied)))
            for item in objects:
                yield from (join(folder, reference.entry) for reference in references_in(item))

    def _configuration_files(self, folder: str, entry: str) -> list[str]:
        path = join(folder, entry)
        self._refuse(path)
        try:
            files = configuration_files(path, self._files, self._index)
        except ModifiedConfiguration as error:
            raise Withheld(str(error)) from None
        for file in files:
            self._refuse(file)
            for item in self._read(file):
                if problem := problem_of(item):
                    raise Withheld(f"'{file}': {problem}")
        return files

    def _read(self, path: str) -> Sequence[Mapping[str, Any]]:
        try:
            return [document.data for document in self._files.documents(path)]
        except YamlFault as fault:
            raise Withheld(str(fault)) from None

    def _content(self, path: str) -> bytes:
        try:
            content = self._files.raw(path, current().file * 2**20)
        except OSError as error:
            raise Withheld(f"'{path}' cannot be read: {error.strerror}") from None
        if content is None:
            most, option = current().file, current().option("file")
            raise Withheld(f"'{path}' is larger than {most} MiB; raise the limit with {option}")
        return content

    def _refuse(self, path: str) -> None:
        if reason := self._files.withheld(path):
            raise Withheld(f"'{path}' {reason}")

    def _write(self, path: str, content: bytes) -> None:
        folder = posixpath.dirname(path)
        if folder not in self._folders:
            (self.root / folder).mkdir(parents=True, exist_ok=True)
            self._folders.add(folder)
        (self.root / path).write_bytes(content)


def utf8(text: str) -> bytes:
    """Encode as valid UTF-8: YAML escapes can produce lone surrogates, which Go does not accept."""
    return text.encode("utf-8", "replace")


def _relative(path: str) -> str:
    """A relative path that cannot be read as a URL."""
    return path if path.startswith("../") else f"./{path}"
