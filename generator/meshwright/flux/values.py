"""The values that Helm gets, merged as Flux merges them, and where each was written."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from meshwright.errors import Position
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.generated import generator_entry
from meshwright.manifests.kustomization import KustomizationIndex
from meshwright.manifests.pointer import Pointer, holds
from meshwright.manifests.source import source_of
from meshwright.manifests.unit import BuiltObject
from meshwright.yaml import Document, YamlFault, load_documents

_STEP = re.compile(r"((?:\\.|[^.\[\]\\])+)|\[(\d+)\]")

Locate = Callable[[Pointer, bool], Position]


@dataclass(frozen=True)
class ValuesLayer:
    """One source of values; later layers win. ``locate`` finds a value, or its key, in the source."""

    data: dict[str, Any]
    locate: Locate


@dataclass(frozen=True)
class MergedValues:
    """What Helm gets from all layers together."""

    data: dict[str, Any]
    layers: Sequence[ValuesLayer]

    def position(self, pointer: Pointer, *, key: bool = False) -> Position:
        """Where the value in force was written: in the last layer that has it, or that has a parent."""
        for length in range(len(pointer), -1, -1):
            for layer in reversed(self.layers):
                if holds(layer.data, pointer[:length]):
                    return layer.locate(pointer[:length], key and length == len(pointer))
        raise LookupError("no layers")


def merge(layers: Sequence[ValuesLayer]) -> MergedValues:
    """Mappings are merged key by key, anything else is replaced; null stays, and deletes a default."""
    merged: dict[str, Any] = {}
    for layer in layers:
        merged = _merge(merged, layer.data)
    return MergedValues(merged, layers)


def at_path(path: str, value: Any) -> dict[str, Any] | None:
    """The mapping that ``targetPath: path`` adds, in the syntax of helm --set; None when it is no path.

    A list index cannot be merged without the list and is left to the cluster.
    """
    steps = [found[1] for found in _STEP.finditer(path)]
    if not steps or any(step is None for step in steps):
        return None
    data: Any = value
    for step in reversed(steps):
        data = {re.sub(r"\\(.)", r"\1", step): data}
    return data if isinstance(data, dict) else None


class ConfigMapKey:
    """The text under one key of a built ConfigMap, and the way back to the file it came from."""

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
        """The values in the text. Raises YamlFault, at its place in the source where that is known."""
        text = str(self._built.data["data"][self._key])
        documents = self._documents(text)
        data = documents[0].data if documents else {}
        if not isinstance(data, dict):
            raise YamlFault(self._at_start(), f"values must be a mapping, and '{self._key}' holds none")
        return ValuesLayer(data, self._locate)

    def _documents(self, text: str) -> list[Document]:
        try:
            return load_documents(text, self._key)
        except YamlFault as fault:
            written = self._written()
            if written is not None:
                try:
                    load_documents(written, self._key)
                except YamlFault as same:
                    raise YamlFault(self._outer(same.position), same.problem) from None
            raise YamlFault(self._at_start(), f"'{self._key}' is no YAML: {fault.problem}") from None

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
        """The text as it stands in the repository, before patches and substitution."""
        if self._file is not None:
            try:
                return self._files.text(self._file)
            except YamlFault:
                return None
        if self._source is None or not self._source.holds(("data", self._key)):
            return None
        return str(self._source.data["data"][self._key])

    def _outer(self, inner: Position) -> Position:
        """A place in the text as a place in the file."""
        if self._file is not None:
            return Position(self._file, inner.line, inner.column)
        if self._source is None:
            return self._fallback
        start = self._source.position(("data", self._key))
        lines = self._files.text(start.path).splitlines()
        if not lines[start.line - 1][start.column - 1 :].startswith("|"):
            return start
        # A block starts on the line after its mark, and is indented as its first line of text is.
        block = lines[start.line :]
        first = next((line for line in block if line.strip()), "")
        written_first = next((line for line in (self._written() or "").splitlines() if line.strip()), "")
        indent = (len(first) - len(first.lstrip())) - (len(written_first) - len(written_first.lstrip()))
        return Position(start.path, start.line + inner.line, indent + inner.column)

    def _at_start(self) -> Position:
        return Position(self._file, 1, 1) if self._file else self._fallback


def _merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        own = merged.get(key)
        both = isinstance(own, dict) and isinstance(value, dict)
        merged[key] = _merge(own, value) if both else copy.deepcopy(value)  # type: ignore[arg-type]
    return merged
