"""The values that a HelmRelease reads from a ConfigMap, with the position of each in its source."""

from __future__ import annotations

from meshwright.errors import Position
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.generated import generator_entry
from meshwright.manifests.kustomization import KustomizationIndex
from meshwright.manifests.source import source_of
from meshwright.manifests.unit import BuiltObject
from meshwright.manifests.values import ValuesLayer, at_path, merge
from meshwright.yaml import Document, YamlFault, load_documents
from meshwright.yaml.pointer import Pointer

__all__ = ["ConfigMapKey", "ValuesLayer", "at_path", "merge"]


class ConfigMapKey:
    """The text of one key of a built ConfigMap, mapped back to the file that defines it."""

    def __init__(
        self, files: RepositoryFiles, index: KustomizationIndex, built: BuiltObject, key: str
    ) -> None:
        self._files = files
        self._built = built
        self._key = key
        self._source = source_of(files, built)
        entry = generator_entry(index, built)
        self._file = entry.file_of(key) if entry else None
        self._fallback = (
            self._source.position(("data", key), key=True)
            if self._source
            else (
                entry.position if entry else Position(built.origin.path or built.origin.configured_in or "")
            )
        )

    def layer(self) -> ValuesLayer:
        """The values in the text. Raises YamlFault, with its position in the source if that is known."""
        text = str(self._built.data["data"][self._key])
        documents = self._documents(text)
        data = documents[0].data if documents else {}
        if not isinstance(data, dict):
            raise YamlFault(self._at_start(), f"values must be a mapping, but '{self._key}' is not one")
        return ValuesLayer(data, self._locate)

    def at(self, line: int, column: int) -> Position:
        """The place of a character of the text in its source; the key or the file if that is unknown."""
        text = str(self._built.data["data"][self._key])
        return self._outer(Position("", line, column)) if self._written() == text else self._at_start()

    def _documents(self, text: str) -> list[Document]:
        try:
            return load_documents(text, self._key)
        except YamlFault as fault:
            written = self._written()
            if written is not None:
                try:
                    load_documents(written, self._key)
                except YamlFault as same:
                    raise same.moved(self._outer(same.position)) from None
            problem = f"'{self._key}' is not valid YAML: {fault.problem}"
            raise YamlFault(self._at_start(), problem, fault.fix) from None

    def _locate(self, pointer: Pointer, key: bool) -> Position:
        written = self._written()
        if written is None:
            return self._fallback
        try:
            documents = load_documents(written, self._key)
        except YamlFault:
            return self._at_start()
        return self._outer(documents[0].position(pointer, key=key)) if documents else self._at_start()

    def _written(self) -> str | None:
        """The text as written in the repository, before patches and substitution."""
        if self._file is not None:
            try:
                return self._files.text(self._file)
            except YamlFault:
                return None
        if self._source is None or not self._source.holds(("data", self._key)):
            return None
        return str(self._source.data["data"][self._key])

    def _outer(self, inner: Position) -> Position:
        """Map a position in the text to a position in the file."""
        if self._file is not None:
            return Position(self._file, inner.line, inner.column)
        if self._source is None:
            return self._fallback
        start = self._source.position(("data", self._key))
        lines = self._files.text(start.path).splitlines()
        if not lines[start.line - 1][start.column - 1 :].startswith("|"):
            return start
        # A block scalar starts on the line after its indicator and is indented like its first non-empty line.
        block = lines[start.line :]
        first = next((line for line in block if line.strip()), "")
        written_first = next((line for line in (self._written() or "").splitlines() if line.strip()), "")
        indent = (len(first) - len(first.lstrip())) - (len(written_first) - len(written_first.lstrip()))
        return Position(start.path, start.line + inner.line, indent + inner.column)

    def _at_start(self) -> Position:
        return Position(self._file, 1, 1) if self._file else self._fallback
