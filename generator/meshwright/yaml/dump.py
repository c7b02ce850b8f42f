"""Writes YAML in which every reader reads strings as strings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import yaml

from meshwright.yaml.resolve import AMBIGUOUS


class _Dumper(yaml.SafeDumper):
    """Quotes strings that YAML 1.1 or 1.2 would misread; the C emitter cannot indent a list below its key."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        """Indent a list below its key, as the scaffold does."""
        super().increase_indent(flow, indentless=False)

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
    text = yaml.dump_all(
        list(documents),
        Dumper=_Dumper,
        sort_keys=False,
        width=2**20,
        allow_unicode=True,
        default_flow_style=False,
    )
    return str(text)
