"""Collects edits of a repository's files, located by object or by path, before anything is written."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import yaml

from meshwright.check.model.index import Item, Model
from meshwright.check.model.releases import ChartRelease
from meshwright.errors import MeshwrightError, Position
from meshwright.manifests.kustomization import join
from meshwright.manifests.source import SourceDocument, source_of
from meshwright.yaml.edit import YamlText
from meshwright.yaml.pointer import Pointer


class PendingEdits:
    """Collects edits in memory. Methods raise MeshwrightError for what cannot be edited."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._texts: dict[str, str | None] = {}

    @property
    def changes(self) -> Mapping[str, str | None]:
        """The new text of each changed file, by path; None for a deleted file."""
        changed = {}
        for path, text in self._texts.items():
            before = self._model.files.text(path) if path in self._model.files.paths else None
            if text != before:
                changed[path] = text
        return changed

    def text(self, path: str) -> YamlText:
        """The text of a file with its pending edits."""
        edited = self._texts.get(path)
        return YamlText(path, self._model.files.text(path) if edited is None else edited)

    def create(self, path: str, text: str) -> None:
        """Create a file."""
        if self._model.files.is_file(path):
            raise MeshwrightError(f"{path}: move this file: the new anchor would be written to its path")
        self._texts[path] = text

    def delete(self, path: str) -> None:
        """Delete a file."""
        self._texts[path] = None

    def change(self, path: str, edit: Callable[[YamlText], YamlText]) -> None:
        """Apply an edit to a file."""
        self._texts[path] = edit(self.text(path)).text

    def place(self, item: Item) -> tuple[str, int]:
        """The file of an object, and its index among the file's documents."""
        source = self._source(item)
        documents = self._model.files.documents(source.document.path)
        start = source.document.position()
        numbers = (number for number, document in enumerate(documents) if document.position() == start)
        if (number := next(numbers, None)) is None:
            raise MeshwrightError(f"{start}: changed while it was read; run the command again")
        return source.document.path, number

    def set(self, item: Item, pointer: Pointer, value: Any) -> None:
        """Replace a scalar of an object."""
        path, number = self.place(item)
        if not self._source(item).holds(pointer):
            shown = ".".join(str(step) for step in pointer)
            raise MeshwrightError(
                f"{item.at()}: write {shown} of {item.title} in this file; it comes from a patch or a "
                "transformer"
            )
        self.change(path, lambda text: text.set(number, pointer, value))

    def _source(self, item: Item) -> SourceDocument:
        source = source_of(self._model.files, item.built)
        if source is None or source.pointer:
            raise MeshwrightError(f"{item.at()}: write {item.title} as a separate YAML document in a file")
        return source

    def entries(self, path: str) -> list[tuple[str, int, str]]:
        """Every kustomization that lists a file: its path, the entry's index, and the entry."""
        found = []
        index = self._model.repository.index
        for folder in index.folders:
            kustomization = index.get(folder)
            resources = kustomization.data.get("resources") if kustomization is not None else None
            for number, entry in enumerate(resources if isinstance(resources, list) else ()):
                if kustomization is not None and isinstance(entry, str) and join(folder, entry) == path:
                    found.append((kustomization.path, number, entry))
        return found

    def list_beside(self, path: str, listed: str) -> None:
        """Add ``path`` after ``listed``, in the same folder, in every kustomization that lists the latter."""
        for file, number, entry in self.entries(listed):
            new = posixpath.join(posixpath.dirname(entry), posixpath.basename(path))
            new = f"./{new}" if entry.startswith("./") and not new.startswith("./") else new
            self.change(file, lambda text, n=number, new=new: text.insert(0, ("resources",), n + 1, new))  # type: ignore[misc]

    def unlist(self, path: str) -> None:
        """Remove a file from every kustomization."""
        for file, number, _ in self.entries(path):
            self.change(file, lambda text, n=number: text.remove(0, ("resources", n)))  # type: ignore[misc]

    def set_value(self, release: ChartRelease, keys: tuple[str, str], value: str) -> None:
        """Set a value two levels deep in the file that contains the release's values."""
        path, number, root = self._values(release, keys[0])
        if release.has(*keys):
            self.change(path, lambda text: text.set(number, (*root, *keys), value))
        elif release.has(keys[0]):
            self.change(path, lambda text: text.add(number, (*root, keys[0]), keys[1], value))
        else:
            self.change(path, lambda text: text.add(number, root, keys[0], {keys[1]: value}))

    def unset_value(self, release: ChartRelease, keys: tuple[str, str]) -> None:
        """Remove such a value, and its mapping if that becomes empty."""
        if not release.has(*keys):
            return
        path, number, root = self._values(release, keys[0])
        alone = len(release.value(keys[0])) == 1
        pointer = (*root, keys[0]) if alone else (*root, *keys)
        self.change(path, lambda text: text.remove(number, pointer))

    def _values(self, release: ChartRelease, key: str) -> tuple[str, int, Pointer]:
        """The file, document and mapping of the layer that has ``key``, or of the last one."""
        layers = [layer for layer in release.values.layers if layer.data]
        having = [layer for layer in layers if key in layer.data]
        for layer in reversed(having or layers):
            present = next(iter([key] if having else layer.data))
            found = self._mapping_with(layer.locate((present,), True), present)
            if found is not None:
                return found
        raise MeshwrightError(
            f"{release.position}: add values to {release.title}, such as {key}: {{}}; it has none in this "
            "repository that can be edited"
        )

    def _mapping_with(self, at: Position, key: str) -> tuple[str, int, Pointer] | None:
        if at.path not in self._model.files.paths:
            return None
        for number, document in enumerate(self._model.files.documents(at.path)):
            for pointer, node in _mappings(document.node):
                for name, _ in node.value:
                    mark = (name.start_mark.line + 1, name.start_mark.column + 1)
                    if mark == (at.line, at.column) and getattr(name, "value", None) == key:
                        return at.path, number, pointer
        return None


def _mappings(node: yaml.Node, pointer: Pointer = ()) -> Iterator[tuple[Pointer, yaml.MappingNode]]:
    if isinstance(node, yaml.MappingNode):
        yield pointer, node
        for key, value in node.value:
            yield from _mappings(value, (*pointer, str(key.value)))
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            yield from _mappings(value, (*pointer, number))
