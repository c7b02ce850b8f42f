"""Writes YAML in which every reader reads strings as strings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

import yaml

from meshwright.yaml.resolve import AMBIGUOUS


class _Dumper(yaml.CSafeDumper):
    """Quotes strings that YAML 1.1 or 1.2 would misread.

    PyYAML's other emitter could indent a list below its key, but it takes six times as long and writes U+0085
    so that it reads back as a space.
    """

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the base class's signature
        """Write values again instead of aliases, for human readers."""
        return True


def _represent_str(dumper: _Dumper, value: str) -> yaml.Node:
    if "\n" in value and not value.startswith((" ", "\n")):
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|")
    style = '"' if AMBIGUOUS.match(value) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _represent_str)


def dump(data: Any) -> str:
    """One document, with keys in their order and lines never folded."""
    return dump_all([data])


def dump_all(documents: Iterable[Any]) -> str:
    """Several documents, with ``---`` between them."""
    return "---\n".join("".join(_lines(document)) for document in documents)


def _lines(data: Any) -> Iterator[str]:
    """The lines of a block. The emitter writes whatever has no list; lists below keys are indented by two."""
    if not _has_list(data):
        yield from _emitted(data)
    elif isinstance(data, dict):
        for has_list, pairs in groupby(data.items(), lambda pair: _has_list(pair[1])):
            if not has_list:
                yield from _emitted(dict(pairs))
                continue
            for key, value in pairs:
                # A key of several lines ends with its colon too.
                *before, last = _emitted({key: []})
                yield from before
                yield last.removesuffix(" []\n") + "\n"
                yield from _indented(_lines(value))
    else:
        for has_list, items in groupby(data, _has_list):
            if not has_list:
                yield from _emitted(list(items))
                continue
            for item in items:
                first, *rest = _lines(item)
                yield f"- {first}"
                yield from _indented(rest)


def _has_list(data: Any) -> bool:
    """Whether ``data`` contains a list that is not empty."""
    if isinstance(data, dict):
        return any(map(_has_list, data.values()))
    return isinstance(data, (list, tuple)) and len(data) > 0


def _emitted(data: Any) -> list[str]:
    text = yaml.dump(
        data, Dumper=_Dumper, sort_keys=False, width=2**20, allow_unicode=True, default_flow_style=False
    )
    return [f"{line}\n" for line in without_end_marker(str(text)).removesuffix("\n").split("\n")]


def as_written(value: Any) -> str:
    """A value as YAML in one line: a number without quotes, a string that looks like one with quotes."""
    text = yaml.safe_dump(
        value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=float("inf")
    )
    return without_end_marker(text).rstrip("\n")


def without_end_marker(text: str) -> str:
    """``text`` without the line ``...`` that libyaml ends some documents with; a value may end so too."""
    return text.removesuffix("...\n") if text.endswith("\n...\n") else text


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (line if line == "\n" else f"  {line}" for line in lines)
