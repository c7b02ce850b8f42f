"""Reads YAML by the rules of Go's libraries and keeps the position of each value."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import yaml

from meshwright.errors import MeshwrightError, Position
from meshwright.yaml import resolve
from meshwright.yaml.conflict import conflict_in
from meshwright.yaml.diagnosis import diagnose

# No manifest comes near these limits; beyond them Go's readers fail too, or take minutes.
_DEEPEST = 200
_MOST_VALUES = 250_000
# A mapping with more keys gets an index.
_FEW_KEYS = 50
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
# How messages name a line.
_LINE = re.compile(r"\bline (\d+)")
_ALIAS = re.compile(r"(?<![^\s\[{,:-])\*[^\s,\]}*]")
# Each level in block style indents its content by at least one blank or one "-", "?" or ":".
_INDENTED = re.compile(rf"^[ ?:-]{{{_DEEPEST // 2}}}", re.MULTILINE)

_TAG = "tag:yaml.org,2002:"
_STRING = f"{_TAG}str"
_MERGE = f"{_TAG}merge"
_INFINITE = {"inf": ".inf", "-inf": "-.inf", "nan": ".nan"}


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


class _Limit(yaml.MarkedYAMLError):
    """Too many levels, values or aliases."""


class _Explained(yaml.constructor.ConstructorError):
    """A fault that this module found itself, with its own words."""


class _GoLoader(yaml.CSafeLoader):
    """PyYAML's C parser with the implicit types of Go's YAML libraries, without duplicate keys."""

    yaml_implicit_resolvers: dict[str, list[Any]] = {}  # noqa: RUF012 - PyYAML's own attribute
    # The limit of values and keys in a text; the output of tools has no limit.
    most_values: float = float("inf")
    _depth = 0
    _values = 0

    # PyYAML calls these two around each node; path resolvers are not used.
    def descend_resolver(self, current_node: Any, current_index: Any) -> None:  # noqa: ARG002
        self._depth += 1
        self._values += 1
        if self._depth > _DEEPEST:
            raise _Limit(problem=_too_deep())
        if self._values > self.most_values:
            raise _Limit(problem=f"contains more than {_MOST_VALUES} values, so it is not read")

    def ascend_resolver(self) -> None:
        self._depth -= 1

    def resolve(self, kind: type[yaml.Node], value: str, implicit: Any) -> str:
        if kind is not yaml.ScalarNode:
            return f"{_TAG}map" if kind is yaml.MappingNode else f"{_TAG}seq"
        if implicit[0]:
            for tag, regexp in self.yaml_implicit_resolvers.get(value[:1], ()):
                if regexp.match(value):
                    return str(tag)
        return _STRING

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        # Most nodes are plain strings, which need no handling of anchors and cycles.
        if node.tag == _STRING and type(node) is yaml.ScalarNode:
            return node.value
        return super().construct_object(node, deep)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: dict[str, yaml.Node] = {}
        textual = True
        # If a tag declares a list as a mapping, PyYAML reports it below.
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            textual = textual and key.tag == _STRING
            if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE:
                if key.value in seen:
                    first = seen[key.value].start_mark.line + 1
                    raise _Explained(
                        None,
                        None,
                        f"duplicate key {key.value!r}, first on line {first}",
                        key.start_mark,
                    )
                seen[key.value] = key
        data: dict[Any, Any] = super().construct_mapping(node, deep)
        return data if textual else {_key_text(key, node): value for key, value in data.items()}


def _key_text(key: Any, mapping: yaml.MappingNode) -> str:
    """A key as sigs.k8s.io/yaml reads it: a number or a boolean becomes text, and null is a fault."""
    if key is None:
        at = next((found for found, _ in mapping.value if found.tag == f"{_TAG}null"), mapping)
        raise _Explained(None, None, "a key must be text, and this one is null", at.start_mark)
    if isinstance(key, bool):
        return str(key).lower()
    if not isinstance(key, float):
        return str(key)
    return repr(key).removesuffix(".0") if math.isfinite(key) else _INFINITE[str(key)]


def _construct_int(loader: _GoLoader, node: yaml.ScalarNode) -> int:
    text = str(loader.construct_scalar(node))
    digits = text.lstrip("+-")
    if digits[:2] in ("0x", "0o", "0b"):
        return int(text, 0)
    # Go reads a number with a leading zero as octal if possible, otherwise as decimal.
    octal = len(digits) > 1 and digits.startswith("0") and set(digits) <= set("01234567")
    return int(text, 8 if octal else 10)


def _scalar_of(
    kind: str, construct: Callable[[Any, Any], Any]
) -> Callable[[_GoLoader, yaml.ScalarNode], Any]:
    """``construct`` for a scalar that a tag may wrongly declare as a ``kind``."""

    def constructed(loader: _GoLoader, node: yaml.ScalarNode) -> Any:
        try:
            return construct(loader, node)
        except (ValueError, LookupError):
            problem = f"{str(node.value)[:40]!r} is not {kind}"
            raise _Explained(None, None, problem, node.start_mark) from None

    return constructed


def _construct_text(loader: _GoLoader, node: yaml.Node) -> Any:
    """Dates, merge keys and default values are plain text to Go."""
    return loader.construct_scalar(node) if isinstance(node, yaml.ScalarNode) else None


def _construct_binary(loader: _GoLoader, node: yaml.ScalarNode) -> str:
    return bytes(loader.construct_yaml_binary(node)).decode("utf-8", "replace")


def _construct_collection(loader: _GoLoader, node: yaml.Node) -> Any:
    """Go ignores a tag on a mapping or a list."""
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    return loader.construct_sequence(node, deep=True) if isinstance(node, yaml.SequenceNode) else node.value


_GoLoader.add_implicit_resolver(f"{_TAG}bool", resolve.BOOL, list("tTfF"))
_GoLoader.add_implicit_resolver(f"{_TAG}int", resolve.INT, list("-+0123456789"))
_GoLoader.add_implicit_resolver(f"{_TAG}float", resolve.FLOAT, list("-+.0123456789"))
_GoLoader.add_implicit_resolver(f"{_TAG}null", resolve.NULL, ["~", "n", "N", ""])
_GoLoader.add_implicit_resolver(f"{_TAG}merge", resolve.MERGE, ["<"])
_GoLoader.add_constructor(f"{_TAG}int", _scalar_of("an integer", _construct_int))
_GoLoader.add_constructor(f"{_TAG}bool", _scalar_of("a boolean", yaml.CSafeLoader.construct_yaml_bool))
_GoLoader.add_constructor(f"{_TAG}float", _scalar_of("a number", yaml.CSafeLoader.construct_yaml_float))
_GoLoader.add_constructor(f"{_TAG}binary", _construct_binary)
for _name in ("timestamp", "merge", "value"):
    _GoLoader.add_constructor(f"{_TAG}{_name}", _construct_text)
for _name in ("set", "omap", "pairs"):
    _GoLoader.add_constructor(f"{_TAG}{_name}", _construct_collection)


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


def _too_deep() -> str:
    return f"nested deeper than {_DEEPEST} levels"


def _require_reasonable(node: yaml.Node, known: dict[int, tuple[int, int] | None]) -> tuple[int, int]:
    """The number of values and levels below ``node`` with its aliases expanded. Raises YAMLError."""
    if id(node) in known:
        found = known[id(node)]
        if found is None:
            raise _Limit(problem="an anchor contains itself", problem_mark=node.start_mark)
        return found
    known[id(node)] = None
    values, levels = 1, 0
    if not isinstance(node, yaml.ScalarNode):
        parts = node.value if isinstance(node, yaml.SequenceNode) else chain.from_iterable(node.value)
        for part in parts:
            more, deeper = _require_reasonable(part, known)
            values, levels = values + more, max(levels, deeper)
    if levels >= _DEEPEST:
        raise _Limit(problem=_too_deep(), problem_mark=node.start_mark)
    if values > _MOST_VALUES and values > 10 * len(known):
        problem = f"its aliases stand for more than {_MOST_VALUES} values"
        raise _Limit(problem=problem, problem_mark=node.start_mark)
    known[id(node)] = values, levels + 1
    return values, levels + 1


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
    return list(_documents(text, path, _MOST_VALUES))


def is_suspect(text: str) -> bool:
    """Whether a text may exceed a limit, so that it must be read before a tool gets it."""
    if has_aliases(text) or text.count("[") + text.count("{") > _DEEPEST:
        return True
    return _INDENTED.search(text) is not None


def has_aliases(text: str) -> bool:
    """Whether a text may contain aliases; may be True without any, but is never False with one."""
    return "&" in text and _ALIAS.search(text) is not None


def _documents(text: str, path: str, most_values: float = float("inf")) -> Iterator[Document]:
    if conflict := conflict_in(text):
        raise YamlFault(Position(path, conflict.line, 1), conflict.problem, conflict.fix, is_conflict=True)
    loader = _GoLoader(text)
    loader.most_values = most_values
    # Without aliases, a document is not larger than its text.
    aliased = has_aliases(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            if aliased and node is not None:
                _require_reasonable(node, {})
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
    if isinstance(error, (_Limit, _Explained)):
        mark = error.problem_mark
        where = Position(path, mark.line + 1, mark.column + 1) if mark else Position(path)
        return YamlFault(where, str(error.problem), is_limit=isinstance(error, _Limit))
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
