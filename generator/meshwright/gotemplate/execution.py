"""Go's text/template, as far as ApplicationSets use it: fields, pipelines, if, with, range and variables.

source: Go 1.26 text/template: exec.go and parse/.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from meshwright.gotemplate.pipeline import MissingKey, State, Value, pipeline
from meshwright.gotemplate.values import Unsupported, from_json, is_true, text_of

__all__ = ["MissingKey", "execute"]

_ACTION = re.compile(r"\{\{(-(?=\s))?((?:\"(?:\\.|[^\"\\\n])*\"|`[^`]*`|[^\"`])*?)((?<=\s)-)?\}\}", re.S)
# More than State counts.
_MOST_ENTRIES = 50_000
_KEYWORDS = frozenset(
    {"if", "else", "end", "range", "with", "define", "template", "block", "break", "continue"}
)


@dataclass
class TemplateNode:
    """Text, or an action of a kind with a pipeline and what it contains."""

    kind: str
    text: str = ""
    value: Value | None = None
    name: tuple[str, ...] = ()
    body: list[TemplateNode] = field(default_factory=list)
    other: list[TemplateNode] = field(default_factory=list)


def execute(template: str, data: Mapping[str, Any], *, strict: bool = False) -> str:
    """``template`` filled with ``data``.

    ``strict`` is the option missingkey=error. Raises MissingKey then, and Unsupported for what is not
    evaluated here.
    """
    if "{{" not in template:
        return template
    nodes, rest = _block(list(_pieces(template)), 0, frozenset())
    if rest is not None:
        raise Unsupported(f"'{rest}' has no beginning")
    values = from_json(data)
    return "".join(_run(nodes, values, State([("$", values)], strict)))


def _pieces(template: str) -> Iterator[TemplateNode]:
    """Text and actions, with the space that {{- and -}} remove left out."""
    at, trims = 0, False
    for found in _ACTION.finditer(template):
        text = template[at : found.start()]
        text = text.lstrip() if trims else text
        yield TemplateNode("text", text.rstrip() if found[1] else text)
        at, trims = found.end(), bool(found[3])
        if not found[2].strip().startswith("/*"):
            yield TemplateNode("action", found[2].strip())
    text = template[at:]
    if "{{" in text:
        raise Unsupported("an action does not end")
    yield TemplateNode("text", text.lstrip() if trims else text)


def _block(
    pieces: list[TemplateNode], depth: int, ends: frozenset[str]
) -> tuple[list[TemplateNode], str | None]:
    """The nodes up to the action that ends a block, which is returned too; takes them from ``pieces``."""
    if depth > 50:
        raise Unsupported("it is nested too deeply")
    nodes: list[TemplateNode] = []
    while pieces:
        piece = pieces.pop(0)
        word = piece.text.partition(" ")[0] if piece.kind == "action" else ""
        if piece.kind == "text":
            nodes.append(piece)
        elif word in ("end", "else"):
            if word not in ends:
                return nodes, word
            return nodes, piece.text
        elif word in ("if", "with", "range"):
            nodes.append(_control(word, piece.text[len(word) :], pieces, depth))
        elif word in _KEYWORDS:
            raise Unsupported(f"'{word}' is not evaluated offline")
        else:
            name, value = pipeline(piece.text)
            nodes.append(TemplateNode("print", value=value, name=name))
    if ends:
        raise Unsupported("a block does not end")
    return nodes, None


def _control(word: str, text: str, pieces: list[TemplateNode], depth: int) -> TemplateNode:
    name, value = pipeline(text)
    node = TemplateNode(word, value=value, name=name)
    ends = frozenset({"end", "else"})
    node.body, ended = _block(pieces, depth + 1, ends)
    if ended is not None and ended.startswith("else"):
        following = ended[4:].strip()
        if following:
            inner, _, rest = following.partition(" ")
            node.other = [_control(inner, rest, pieces, depth + 1)]
        else:
            node.other, _ = _block(pieces, depth + 1, frozenset({"end"}))
    return node


def _run(nodes: list[TemplateNode], dot: Any, state: State) -> Iterator[str]:
    for node in nodes:
        state.count()
        if node.value is None:
            yield node.text
            continue
        value = node.value(dot, state)
        depth = len(state.variables)
        if node.kind == "print":
            if node.name:
                _assign(state, node.name, value)
            else:
                yield text_of(value)
            continue
        if node.kind == "range":
            entries = _entries(value)
            if isinstance(value, int) and len(node.name) == 3:
                raise Unsupported("range over a number has one variable")
            for key, item in entries:
                names = [name for name in node.name if name.startswith("$")]
                bound = (key, item) if len(names) == 2 else (item,)
                state.variables += zip(names, bound, strict=False)
                yield from _run(node.body, item, state)
                del state.variables[depth:]
            if not entries:
                yield from _run(node.other, dot, state)
            continue
        if node.name:
            _assign(state, node.name, value)
        if is_true(value):
            yield from _run(node.body, value if node.kind == "with" else dot, state)
        else:
            yield from _run(node.other, dot, state)
        del state.variables[depth:]


def _entries(value: Any) -> list[tuple[Any, Any]]:
    if isinstance(value, Mapping):
        return sorted(value.items(), key=lambda pair: str(pair[0]))
    if isinstance(value, list):
        return list(enumerate(value))
    if isinstance(value, int) and not isinstance(value, bool):
        return [(number, number) for number in range(min(value, _MOST_ENTRIES))]
    if value is None:
        return []
    raise Unsupported("range over something else than a list or a map")


def _assign(state: State, names: tuple[str, ...], value: Any) -> None:
    *_, name, sign = names
    if sign == ":=":
        state.variables.append((name, value))
        return
    for number in range(len(state.variables) - 1, -1, -1):
        if state.variables[number][0] == name:
            state.variables[number] = (name, value)
            return
    raise Unsupported(f"the variable {name} is not declared")
