"""Reads YAML by the rules of Go's libraries and keeps the position of each value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from meshwright.errors import MeshwrightError, Position
from meshwright.yaml.conflict import conflict_in
from meshwright.yaml.diagnosis import diagnose
from meshwright.yaml.goloader import (
    DEEPEST,
    MOST_VALUES,
    GoLoader,
    LimitExceeded,
    LoadFault,
    require_reasonable,
)

# A mapping with more keys gets an index.
_FEW_KEYS = 50
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
# How messages name a line.
_LINE = re.compile(r"\bline (\d+)")
_ALIAS = re.compile(r"(?<![^\s\[{,:-])\*[^\s,\]}*]")
# Each level in block style indents its content by at least one blank or one "-", "?" or ":".
_INDENTED = re.compile(rf"^[ ?:-]{{{DEEPEST // 2}}}", re.MULTILINE)


class YamlFault(MeshwrightError):
    """A file that is not YAML or has a duplicate key, with the position.

    ``fix`` says what to do. ``is_limit`` means that it may be YAML but exceeds a limit, ``is_conflict`` that
    it contains the markers of a merge conflict.
    """

    def __init__(
        self,
        position: Position,
        problem: str,
        fix: str = "",
        *,
        is_limit: bool = False,
        is_conflict: bool = False,
    ) -> None:
        super().__init__(f"{position}: {problem}{f'; {fix}' if fix else ''}")
        self.position = position
        self.problem = problem
        self.fix = fix
        self.is_limit = is_limit
        self.is_conflict = is_conflict

    def moved(self, position: Position) -> YamlFault:
        """The same fault of a text that is part of a file, at its ``position`` in that file."""
        by = position.line - self.position.line
        problem, fix = (
            _LINE.sub(lambda found: f"line {int(found[1]) + by}", text) for text in (self.problem, self.fix)
        )
        return YamlFault(position, problem, fix, is_limit=self.is_limit, is_conflict=self.is_conflict)


@dataclass(frozen=True)
class Document:
    """A YAML document: its data, and its nodes for positions."""

    path: str
    data: Any
    node: yaml.Node

    def position(self, pointer: Sequence[str | int] = (), *, key: bool = False) -> Position:
        """The position of the value at ``pointer``, or of its key if ``key``.

        If the pointer leads nowhere, it is the position of the nearest parent.
        """
        node, mark = self.node, self.node.start_mark
        for depth, step in enumerate(pointer):
            found = _step(node, step)
            if found is None:
                break
            key_node, node = found
            last = depth == len(pointer) - 1
            mark = (key_node if last and key and key_node is not None else node).start_mark
        return Position(self.path, mark.line + 1, mark.column + 1)


def _step(node: yaml.Node, step: str | int) -> tuple[yaml.Node | None, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        if len(node.value) > _FEW_KEYS:
            return _keys(node).get(str(step))
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value == str(step):
                return key, value
    if isinstance(node, yaml.SequenceNode) and str(step).isdigit() and int(step) < len(node.value):
        return None, node.value[int(step)]
    return None


def _keys(node: yaml.MappingNode) -> dict[str, tuple[yaml.Node, yaml.Node]]:
    """Keys and values of a large mapping by key, cached because each of many findings looks one up."""
    found: dict[str, tuple[yaml.Node, yaml.Node]] | None = node.__dict__.get("by_key")
    if found is None:
        found = node.__dict__["by_key"] = {}
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                found.setdefault(key.value, (key, value))
    return found


def limit_of(text: str, path: str) -> YamlFault | None:
    """The limit that ``text`` exceeds, even if it is short; None if it exceeds none."""
    if not is_suspect(text):
        return None
    try:
        load_documents(text, path)
    except YamlFault as fault:
        return fault if fault.is_limit else None
    return None


def load_documents(text: str, path: str) -> list[Document]:
    """Every non-empty document of ``text``; ``path`` goes into positions. Raises YamlFault."""
    return list(_documents(text, path, MOST_VALUES))


def is_suspect(text: str) -> bool:
    """Whether a text may exceed a limit, so that it must be read before a tool gets it."""
    if has_aliases(text) or text.count("[") + text.count("{") > DEEPEST:
        return True
    return _INDENTED.search(text) is not None


def has_aliases(text: str) -> bool:
    """Whether a text may contain aliases; may be True without any, but is never False with one."""
    return "&" in text and _ALIAS.search(text) is not None


def _documents(text: str, path: str, most_values: float = float("inf")) -> Iterator[Document]:
    if conflict := conflict_in(text):
        raise YamlFault(Position(path, conflict.line, 1), conflict.problem, conflict.fix, is_conflict=True)
    loader = GoLoader(text)
    loader.most_values = most_values
    # Without aliases, a document is not larger than its text.
    aliased = has_aliases(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            if aliased and node is not None:
                require_reasonable(node, {})
            data = None if node is None else loader.construct_document(node)
            if node is not None and data is not None:
                yield Document(path, data, node)
    except yaml.MarkedYAMLError as error:
        raise _fault(text, path, error) from None
    except yaml.reader.ReaderError as error:
        raise YamlFault(*_unreadable(text, path, error)) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise YamlFault(Position(path), f"not YAML: {str(error).splitlines()[0]}") from None
    finally:
        loader.dispose()


def _fault(text: str, path: str, error: yaml.MarkedYAMLError) -> YamlFault:
    if isinstance(error, (LimitExceeded, LoadFault)):
        mark = error.problem_mark
        where = Position(path, mark.line + 1, mark.column + 1) if mark else Position(path)
        fix = error.fix if isinstance(error, LoadFault) else ""
        return YamlFault(where, str(error.problem), fix, is_limit=isinstance(error, LimitExceeded))
    found = diagnose(text, error)
    if found is None:
        return YamlFault(Position(path), str(error.problem or error.context or "not YAML"))
    return YamlFault(Position(path, found.line, found.column), found.problem, found.fix)


def _unreadable(text: str, path: str, error: yaml.reader.ReaderError) -> tuple[Position, str, str]:
    """A character that YAML does not allow; libyaml counts bytes, so it is searched here."""
    found = _FORBIDDEN.search(text)
    if found is None:
        return Position(path), f"not YAML: {str(error).splitlines()[0]}", ""
    line = text.count("\n", 0, found.start()) + 1
    column = found.start() - text.rfind("\n", 0, found.start())
    problem = f"contains the character U+{ord(found[0]):04X}, which YAML does not allow"
    return Position(path, line, column), problem, "remove it"


def parse(text: str, path: str = "<text>") -> Any:
    """The data of the first document; None if there is none. Raises YamlFault."""
    documents = load_documents(text, path)
    return documents[0].data if documents else None


def parse_all(text: str, path: str = "<text>") -> list[Any]:
    """The data of every document. Raises YamlFault."""
    return [document.data for document in _documents(text, path)]
