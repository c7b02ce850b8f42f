"""Changes single values of a YAML file without changing any other character.

Each edit is verified: the new text is parsed, and its data must equal the old data with this one change. If a
file cannot be edited this way, the error gives the position.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from meshwright.errors import Position
from meshwright.yaml.dump import dump
from meshwright.yaml.flow import flow
from meshwright.yaml.load import Document, YamlFault, load_documents

Pointer = Sequence[str | int]


@dataclass(frozen=True)
class YamlText:
    """The text of a file, called ``path`` in errors; each edit returns a new one."""

    path: str
    text: str

    def documents(self) -> list[Document]:
        """Its documents. Raises YamlFault."""
        return load_documents(self.text, self.path)

    def set(self, number: int, pointer: Pointer, value: Any) -> YamlText:
        """Replace the scalar at ``pointer`` of document ``number``. Raises YamlFault."""
        document, node = self._find(number, pointer)
        if not isinstance(node, yaml.ScalarNode) or node.style in ("|", ">"):
            raise self._fault(document, pointer, "is not a scalar on one line")
        new = _scalar(value, node.style)
        text = self.text[: node.start_mark.index] + new + self.text[node.end_mark.index :]

        def change(data: Any) -> None:
            _parent(data, pointer)[pointer[-1]] = value

        return self._verified(document, number, pointer, text, change)

    def add(self, number: int, pointer: Pointer, key: str, value: Any) -> YamlText:
        """Append ``key`` to the mapping at ``pointer``, which may be empty. Raises YamlFault."""
        document, node = self._find(number, pointer)

        def change(data: Any) -> None:
            found = _at(data, pointer)
            if found is None:
                _parent(data, pointer)[pointer[-1]] = {key: value}
            else:
                found[key] = value

        if isinstance(node, yaml.MappingNode) and not node.flow_style:
            lines = _indented(dump({key: value}), node.start_mark.column)
            text = self._after(_last_line(node), lines)
        elif isinstance(node, yaml.MappingNode):
            text = self._into_flow(node, f"{flow(key)}: {flow(value)}")
        elif isinstance(node, yaml.ScalarNode) and node.tag.endswith(":null") and not node.value and pointer:
            _, above = self._find(number, pointer[:-1])
            line = document.position(pointer, key=True).line - 1
            text = self._after(line, _indented(dump({key: value}), above.start_mark.column + 2))
        else:
            raise self._fault(document, pointer, "is not a mapping")
        return self._verified(document, number, pointer, text, change)

    def insert(self, number: int, pointer: Pointer, index: int, value: Any) -> YamlText:
        """Insert an item after item ``index - 1`` of the list at ``pointer``. Raises YamlFault."""
        document, node = self._find(number, pointer)
        if not isinstance(node, yaml.SequenceNode) or not 0 < index <= len(node.value):
            raise self._fault(document, pointer, f"is not a list of at least {index} items")
        if not node.flow_style:
            text = self._after(
                _last_line(node.value[index - 1]), _indented(dump([value]), node.start_mark.column)
            )
        elif index == len(node.value):
            text = self._into_flow(node, flow(value))
        else:
            start = node.value[index].start_mark.index
            text = f"{self.text[:start]}{flow(value)}, {self.text[start:]}"
        return self._verified(
            document, number, pointer, text, lambda data: _at(data, pointer).insert(index, value)
        )

    def remove(self, number: int, pointer: Pointer) -> YamlText:
        """Remove the key or item at ``pointer`` with its lines. Raises YamlFault."""
        document, above = self._find(number, pointer[:-1])
        entries = _entries(above)
        place = next(
            (place for place, entry in enumerate(entries) if _is(entry[0], pointer[-1], place)), None
        )
        if place is None:
            raise self._fault(document, pointer, "is not in this file")
        key, node = entries[place]
        first = (node if key is None else key).start_mark
        lines = self._lines()
        before = lines[first.line][: first.column].strip()
        if getattr(above, "flow_style", False) or len(entries) == 1 or before != ("-" if key is None else ""):
            raise self._fault(document, pointer, "shares its line, so it cannot be removed")
        last = key.end_mark.line if key is not None and _is_empty(node) else _last_line(node)
        text = "".join(lines[: first.line] + lines[last + 1 :])

        def change(data: Any) -> None:
            del _parent(data, pointer)[pointer[-1]]

        return self._verified(document, number, pointer, text, change)

    def part(self, number: int) -> str:
        """The lines of a document with the comments above it, without its ``---``."""
        first, last = self._borders(number)
        return "".join(self._lines()[first:last])

    def replace_part(self, number: int, text: str) -> YamlText:
        """Replace the lines of a document. Raises YamlFault if the result is not YAML."""
        first, last = self._borders(number)
        lines = self._lines()
        new = YamlText(self.path, "".join([*lines[:first], text, *lines[last:]]))
        new.documents()
        return new

    def _borders(self, number: int) -> tuple[int, int]:
        line = self.documents()[number].node.start_mark.line
        lines = self._lines()
        breaks = [
            place for place, text in enumerate(lines) if text.rstrip() == "---" or text.startswith("--- ")
        ]
        before = [place + 1 for place in breaks if place < line]
        after = [place for place in breaks if place > line]
        return (before[-1] if before else 0), (after[0] if after else len(lines))

    def _find(self, number: int, pointer: Pointer) -> tuple[Document, yaml.Node]:
        documents = self.documents()
        if number >= len(documents):
            raise YamlFault(Position(self.path), f"has no document {number + 1}")
        document, node = documents[number], documents[number].node
        for depth, step in enumerate(pointer):
            entries = [value for place, (key, value) in enumerate(_entries(node)) if _is(key, step, place)]
            if not entries:
                raise self._fault(document, pointer[: depth + 1], "is not in this file")
            node = entries[0]
        return document, node

    def _verified(
        self, document: Document, number: int, pointer: Pointer, text: str, change: Callable[[Any], None]
    ) -> YamlText:
        expected = [_unshared(it.data) for it in self.documents()]
        change(expected[number])
        new = YamlText(self.path, text)
        try:
            found = [it.data for it in new.documents()]
        except YamlFault:
            found = None
        if found != expected:
            raise self._fault(document, pointer, "cannot be changed without changing other values")
        return new

    def _fault(self, document: Document, pointer: Pointer, problem: str) -> YamlFault:
        shown = ".".join(str(step) for step in pointer) or "the document"
        return YamlFault(document.position(pointer, key=True), f"{shown} {problem}; edit it by hand")

    def _lines(self) -> list[str]:
        return self.text.splitlines(keepends=True)

    def _after(self, line: int, new: str) -> str:
        lines = self._lines()
        ending = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
        if not lines[line].endswith("\n"):
            lines[line] += ending
        lines.insert(line + 1, new.replace("\n", ending))
        return "".join(lines)

    def _into_flow(self, node: yaml.CollectionNode, text: str) -> str:
        end = node.end_mark.index - 1
        comma = ", " if node.value else ""
        return f"{self.text[:end].rstrip()}{comma}{text}{self.text[end:]}"


def _entries(node: yaml.Node) -> list[tuple[yaml.Node | None, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        return list(node.value)
    return [(None, item) for item in node.value] if isinstance(node, yaml.SequenceNode) else []


def _is(key: yaml.Node | None, step: str | int, place: int) -> bool:
    if key is None:
        return step == place
    return isinstance(key, yaml.ScalarNode) and key.value == str(step)


def _last_line(node: yaml.Node) -> int:
    """The last line of a node, without blank lines and comments that follow it."""
    if isinstance(node, yaml.ScalarNode):
        end, start = node.end_mark, node.start_mark
        if node.style in ("|", ">"):
            # It ends where the next line begins; blank lines after it may belong to it.
            return int(end.line - 1 if end.column == 0 and end.line > start.line else end.line)
        return int(start.line if _is_empty(node) else end.line)
    if getattr(node, "flow_style", False) or not node.value:
        return int(node.end_mark.line)
    key, value = _entries(node)[-1]
    return int(key.end_mark.line) if key is not None and _is_empty(value) else _last_line(value)


def _is_empty(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and not node.value and not node.style


def _scalar(value: Any, style: str | None) -> str:
    if style == '"' and isinstance(value, str):
        return flow(value)
    if style == "'" and isinstance(value, str) and "\n" not in value:
        quoted = value.replace("'", "''")
        return f"'{quoted}'"
    return dump([value]).removeprefix("- ").rstrip("\n")


def _indented(text: str, column: int) -> str:
    return "".join(f"{' ' * column}{line}" for line in text.splitlines(keepends=True))


def _unshared(data: Any) -> Any:
    """A copy in which aliases are expanded."""
    if isinstance(data, dict):
        return {key: _unshared(value) for key, value in data.items()}
    return [_unshared(value) for value in data] if isinstance(data, list) else data


def _at(data: Any, pointer: Pointer) -> Any:
    for step in pointer:
        data = data[step]
    return data


def _parent(data: Any, pointer: Pointer) -> Any:
    return _at(data, pointer[:-1])
