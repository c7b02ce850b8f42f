"""The source positions of built objects and their values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from meshwright.errors import Position
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.manifestfile import named_documents, object_name
from meshwright.manifests.renamed import longest_part
from meshwright.manifests.unit import BuiltObject
from meshwright.yaml import Document, YamlFault
from meshwright.yaml.pointer import holds, mapping_of

Pointer = Sequence[str | int]


@dataclass(frozen=True)
class SourceDocument:
    """The document that defines an object; ``pointer`` is its location inside a List."""

    document: Document
    pointer: tuple[str | int, ...]
    data: Any

    def position(self, pointer: Pointer = (), *, key: bool = False) -> Position:
        """The position of a value or its key, or of its nearest parent if it does not exist."""
        return self.document.position((*self.pointer, *pointer), key=key)

    def holds(self, pointer: Pointer) -> bool:
        """Whether the source itself has ``pointer``; otherwise a patch or transformer added it."""
        return holds(self.data, pointer)


def source_of(files: RepositoryFiles, built: BuiltObject) -> SourceDocument | None:
    """The document that kustomize read ``built`` from; None if it was generated.

    kustomize may have added a prefix or suffix to the name: the longest name contained in the built one
    wins, and the only document of a kind matches regardless of its name.
    """
    path = built.origin.path
    if path is None or path.startswith(".."):
        return None
    by_name = files.once(_sources, path).get(built.kind, {})
    if built.written_name in by_name:
        return by_name[built.written_name][0]
    if named := longest_part(built.name, by_name):
        return by_name[named][0]
    same_kind = [source for sources in by_name.values() for source in sources]
    return same_kind[0] if len(same_kind) == 1 else None


def _sources(files: RepositoryFiles, path: str) -> dict[str, dict[str, list[SourceDocument]]]:
    """The documents of a file, by kind and name."""
    found: dict[str, dict[str, list[SourceDocument]]] = {}
    for document, pointer, data in named_documents(files, path):
        names = found.setdefault(str(data.get("kind") or ""), {})
        names.setdefault(object_name(data) or _generate_name(data), []).append(
            SourceDocument(document, pointer, data)
        )
    return found


def _generate_name(data: Any) -> str:
    return str(mapping_of(data.get("metadata")).get("generateName") or "")


def position_of(
    files: RepositoryFiles, built: BuiltObject, pointer: Pointer = (), *, key: bool = False
) -> Position:
    """The best known position of a value of ``built``: exact, of a parent, or only the file."""
    source = source_of(files, built)
    return built.origin.position if source is None else source.position(pointer, key=key)


def find_text(files: RepositoryFiles, start: Position, wanted: str) -> Position:
    """The first position of ``wanted`` in the file from ``start`` on; ``start`` if there is none."""
    try:
        lines = files.text(start.path).splitlines()
    except YamlFault:
        return start
    first = max(start.line, 1) - 1
    for number in range(first, len(lines)):
        column = lines[number].find(wanted, max(start.column - 1, 0) if number == first else 0)
        if column >= 0:
            return Position(start.path, number + 1, column + 1)
    return start
