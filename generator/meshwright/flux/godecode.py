"""Reads YAML as sigs.k8s.io/yaml 1.6 does: decode with yaml.v2's rules, then convert to JSON.

libyaml, which yaml.v2 is a translation of, produces the events; this module interprets them. A later key
replaces an earlier one, and ``<<`` replaces the keys before it. Tags on mappings and lists have no effect,
and a scalar with an unknown tag is text.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import yaml

from meshwright.flux import goscalar

_MERGE = "tag:yaml.org,2002:merge"
# The bare tag "!", after an optional anchor: libyaml drops it; yaml.v2 reads the scalar as text.
_BARE_TAG = re.compile(r"(?:&[^\s]+\s+)?!(?:\s|\Z)")
_WANTS_MAPPING = "map merge requires map or sequence of maps as the value"


@dataclass
class _Node:
    kind: str
    value: str = ""
    tag: str = ""
    plain: bool = False
    children: list[_Node] = field(default_factory=list)


def read(text: str) -> Any:
    """The first document of ``text`` as JSON values. Raises ValueError with a one-line reason."""
    try:
        parser = yaml.CSafeLoader(text)
    except UnicodeEncodeError:
        raise ValueError("a partial character is not valid UTF-8") from None
    try:
        node = _Composer(parser, text).document()
        return None if node is None else _json(_Decoder().value(node))
    except yaml.MarkedYAMLError as error:
        raise ValueError(str(error.problem or error.context or "not YAML")) from None
    except yaml.YAMLError as error:
        raise ValueError(str(error).splitlines()[0]) from None
    except RecursionError:
        raise ValueError("nested deeper than this parser supports") from None
    finally:
        parser.dispose()


class _Composer:
    """Composes the node tree of one document from its events."""

    def __init__(self, parser: Any, text: str) -> None:
        self._next = parser.get_event
        self._text = text
        self._anchors: dict[str, _Node] = {}

    def document(self) -> _Node | None:
        """The root of the first document, or None."""
        self._next()
        if isinstance(self._next(), yaml.StreamEndEvent):
            return None
        root = self._node(self._next())
        # Read the document's end, which raises if it is malformed; later documents are ignored.
        self._next()
        return root

    def _node(self, event: Any) -> _Node:
        if isinstance(event, yaml.AliasEvent):
            target = self._anchors.get(event.anchor or "")
            if target is None:
                raise ValueError(f"unknown anchor '{event.anchor}' referenced")
            return _Node("alias", event.anchor or "", children=[target])
        if isinstance(event, yaml.ScalarEvent):
            node = _Node("scalar", event.value, event.tag or "", bool(event.implicit[0]))
            if node.plain and self._has_bare_tag(event):
                node.tag = "!"
        else:
            node = _Node("map" if isinstance(event, yaml.MappingStartEvent) else "list")
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        if node.kind != "scalar":
            ends = (yaml.MappingEndEvent, yaml.SequenceEndEvent)
            while not isinstance(following := self._next(), ends):
                node.children.append(self._node(following))
        return node

    def _has_bare_tag(self, event: Any) -> bool:
        start = event.start_mark.index
        return self._text[start : start + 1] in ("!", "&") and bool(_BARE_TAG.match(self._text, start))


class _Decoder:
    """Constructs values from nodes."""

    def __init__(self) -> None:
        self._open: set[int] = set()
        self._decoded = 0
        self._decoded_in_aliases = 0
        self._alias_depth = 0

    def value(self, node: _Node) -> Any:
        """The value of a node; keys of mappings are pairs of type and value."""
        if node.kind == "alias":
            return self._alias(node, self.value)
        self._count()
        if node.kind == "map":
            return self._mapping(node, {})
        if node.kind == "list":
            return [self.value(child) for child in node.children]
        return _scalar(node)

    def _alias(self, node: _Node, decode: Any) -> Any:
        self._count()
        if id(node) in self._open:
            raise ValueError(f"anchor '{node.value}' value contains itself")
        self._open.add(id(node))
        self._alias_depth += 1
        value = decode(node.children[0])
        self._alias_depth -= 1
        self._open.discard(id(node))
        return value

    def _mapping(self, node: _Node, into: dict[tuple[type, Any], Any]) -> dict[tuple[type, Any], Any]:
        # To Go, 1, 1.0, true and "1" are four different keys until they are converted to text.
        pairs = zip(node.children[::2], node.children[1::2], strict=True)
        for key_node, value_node in pairs:
            if _is_merge(key_node):
                self._merge(value_node, into)
                continue
            key = self._key(key_node)
            into[(type(key), key)] = self.value(value_node)
        return into

    def _key(self, node: _Node) -> Any:
        if node.kind == "alias":
            return self._alias(node, self._key)
        self._count()
        if node.kind != "scalar":
            raise ValueError("invalid map key: a mapping or a list")
        return _scalar(node)

    def _merge(self, node: _Node, into: dict[tuple[type, Any], Any]) -> None:
        # The first of several wins, so it is merged last.
        parts = node.children[::-1] if node.kind == "list" else [node]
        for part in parts:
            target = part.children[0] if part.kind == "alias" else part
            if target.kind != "map":
                raise ValueError(_WANTS_MAPPING)
            if part.kind == "alias":
                self._alias(part, lambda found: self._merged(found, into))
            else:
                self._merged(part, into)

    def _merged(self, node: _Node, into: dict[tuple[type, Any], Any]) -> None:
        self._count()
        self._mapping(node, into)

    def _count(self) -> None:
        """Refuse a document that consists mostly of aliases, as yaml.v2 does."""
        self._decoded += 1
        self._decoded_in_aliases += self._alias_depth > 0
        if self._decoded_in_aliases > 100 and self._decoded > 1000:
            share = 0.99 - 0.89 * min(max(self._decoded - 400_000, 0) / 3_600_000, 1)
            if self._decoded_in_aliases / self._decoded > share:
                raise ValueError("document contains excessive aliasing")


def _is_merge(node: _Node) -> bool:
    return node.kind == "scalar" and node.value == "<<" and (node.plain or node.tag == _MERGE)


def _scalar(node: _Node) -> Any:
    if node.tag == "" and not node.plain:
        return node.value
    return goscalar.read(node.value, node.tag)


def _json(value: Any) -> Any:
    """Convert to JSON values: keys become text, and a float without a fraction becomes an integer."""
    if isinstance(value, dict):
        return {goscalar.key(key): _json(inner) for (_, key), inner in value.items()}
    if isinstance(value, list):
        return [_json(inner) for inner in value]
    if not isinstance(value, float):
        return value
    if math.isnan(value) or math.isinf(value):
        raise ValueError(f"JSON cannot represent the number {goscalar.written_float(value)}")
    return int(Decimal(repr(value))) if value.is_integer() and abs(value) < 1e21 else value
