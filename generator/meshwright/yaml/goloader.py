"""PyYAML's loader with the types, keys and tags of Go's YAML libraries, and with limits of size."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import chain
from typing import Any

import yaml

from meshwright.yaml import resolve

# No manifest comes near these limits; beyond them Go's readers fail too, or take minutes.
DEEPEST = 200
MOST_VALUES = 250_000

_TAG = "tag:yaml.org,2002:"
_STRING = f"{_TAG}str"
_MERGE = f"{_TAG}merge"
_INFINITE = {"inf": ".inf", "-inf": "-.inf", "nan": ".nan"}


class LimitExceeded(yaml.MarkedYAMLError):
    """Too many levels, values or aliases."""


class LoadFault(yaml.constructor.ConstructorError):
    """A fault with a message of its own, which needs no diagnosis."""

    fix = ""


class DuplicateKey(LoadFault):
    """A key that appears twice in a mapping."""

    fix = "keep one of the two"


class GoLoader(yaml.CSafeLoader):
    """PyYAML's C parser with the implicit types of Go's YAML libraries, without duplicate keys."""

    yaml_implicit_resolvers: dict[str, list[Any]] = {}  # noqa: RUF012 - PyYAML's own attribute
    # The limit of values and keys in a text; the output of tools has no limit.
    most_values: float = float("inf")
    _depth = 0
    _values = 0

    # PyYAML calls this and the next around each node; path resolvers are not used.
    def descend_resolver(self, current_node: Any, current_index: Any) -> None:  # noqa: ARG002
        """Count a node and its level. Raises LimitExceeded."""
        self._depth += 1
        self._values += 1
        if self._depth > DEEPEST:
            raise LimitExceeded(problem=_too_deep())
        if self._values > self.most_values:
            raise LimitExceeded(problem=f"contains more than {MOST_VALUES} values, so it is not read")

    def ascend_resolver(self) -> None:
        """Leave a level."""
        self._depth -= 1

    def resolve(self, kind: type[yaml.Node], value: str, implicit: Any) -> str:
        """The tag of a node without one, by Go's rules."""
        if kind is not yaml.ScalarNode:
            return f"{_TAG}map" if kind is yaml.MappingNode else f"{_TAG}seq"
        if implicit[0]:
            for tag, regexp in self.yaml_implicit_resolvers.get(value[:1], ()):
                if regexp.match(value):
                    return str(tag)
        return _STRING

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """The value of a node."""
        # Most nodes are plain strings, which need no handling of anchors and cycles.
        if node.tag == _STRING and type(node) is yaml.ScalarNode:
            return node.value
        return super().construct_object(node, deep)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """A mapping whose keys are text. Raises LoadFault for a duplicate key and for null."""
        seen: dict[str, yaml.Node] = {}
        textual = True
        # If a tag declares a list as a mapping, PyYAML reports it below.
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            textual = textual and key.tag == _STRING
            if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE:
                if key.value in seen:
                    first = seen[key.value].start_mark.line + 1
                    raise DuplicateKey(
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
        raise LoadFault(None, None, "a key must be text, and this one is null", at.start_mark)
    if isinstance(key, bool):
        return str(key).lower()
    if not isinstance(key, float):
        return str(key)
    return repr(key).removesuffix(".0") if math.isfinite(key) else _INFINITE[str(key)]


def _construct_int(loader: GoLoader, node: yaml.ScalarNode) -> int:
    text = str(loader.construct_scalar(node))
    digits = text.lstrip("+-")
    if digits[:2] in ("0x", "0o", "0b"):
        return int(text, 0)
    # Go reads a number with a leading zero as octal if possible, otherwise as decimal.
    octal = len(digits) > 1 and digits.startswith("0") and set(digits) <= set("01234567")
    return int(text, 8 if octal else 10)


def _scalar_of(kind: str, construct: Callable[[Any, Any], Any]) -> Callable[[GoLoader, yaml.ScalarNode], Any]:
    """``construct`` for a scalar that a tag may wrongly declare as a ``kind``."""

    def constructed(loader: GoLoader, node: yaml.ScalarNode) -> Any:
        try:
            return construct(loader, node)
        except (ValueError, LookupError):
            problem = f"{str(node.value)[:40]!r} is not {kind}"
            raise LoadFault(None, None, problem, node.start_mark) from None

    return constructed


def _construct_text(loader: GoLoader, node: yaml.Node) -> Any:
    """Dates, merge keys and default values are plain text to Go."""
    return loader.construct_scalar(node) if isinstance(node, yaml.ScalarNode) else None


def _construct_binary(loader: GoLoader, node: yaml.ScalarNode) -> str:
    return bytes(loader.construct_yaml_binary(node)).decode("utf-8", "replace")


def _construct_collection(loader: GoLoader, node: yaml.Node) -> Any:
    """Go ignores a tag on a mapping or a list."""
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    return loader.construct_sequence(node, deep=True) if isinstance(node, yaml.SequenceNode) else node.value


GoLoader.add_implicit_resolver(f"{_TAG}bool", resolve.BOOL, list("tTfF"))
GoLoader.add_implicit_resolver(f"{_TAG}int", resolve.INT, list("-+0123456789"))
GoLoader.add_implicit_resolver(f"{_TAG}float", resolve.FLOAT, list("-+.0123456789"))
GoLoader.add_implicit_resolver(f"{_TAG}null", resolve.NULL, ["~", "n", "N", ""])
GoLoader.add_implicit_resolver(f"{_TAG}merge", resolve.MERGE, ["<"])
GoLoader.add_constructor(f"{_TAG}int", _scalar_of("an integer", _construct_int))
GoLoader.add_constructor(f"{_TAG}bool", _scalar_of("a boolean", yaml.CSafeLoader.construct_yaml_bool))
GoLoader.add_constructor(f"{_TAG}float", _scalar_of("a number", yaml.CSafeLoader.construct_yaml_float))
GoLoader.add_constructor(f"{_TAG}binary", _construct_binary)
for _name in ("timestamp", "merge", "value"):
    GoLoader.add_constructor(f"{_TAG}{_name}", _construct_text)
for _name in ("set", "omap", "pairs"):
    GoLoader.add_constructor(f"{_TAG}{_name}", _construct_collection)


def _too_deep() -> str:
    return f"nested deeper than {DEEPEST} levels"


def require_reasonable(node: yaml.Node, known: dict[int, tuple[int, int] | None]) -> tuple[int, int]:
    """The number of values and levels below ``node`` with its aliases expanded. Raises YAMLError."""
    if id(node) in known:
        found = known[id(node)]
        if found is None:
            raise LimitExceeded(problem="an anchor contains itself", problem_mark=node.start_mark)
        return found
    known[id(node)] = None
    values, levels = 1, 0
    if not isinstance(node, yaml.ScalarNode):
        parts = node.value if isinstance(node, yaml.SequenceNode) else chain.from_iterable(node.value)
        for part in parts:
            more, deeper = require_reasonable(part, known)
            values, levels = values + more, max(levels, deeper)
    if levels >= DEEPEST:
        raise LimitExceeded(problem=_too_deep(), problem_mark=node.start_mark)
    if values > MOST_VALUES and values > 10 * len(known):
        problem = f"its aliases stand for more than {MOST_VALUES} values"
        raise LimitExceeded(problem=problem, problem_mark=node.start_mark)
    known[id(node)] = values, levels + 1
    return values, levels + 1
