"""Every command of the command line, imported."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from typer.main import get_command

from meshwright.cli import app


def groups_and_commands() -> dict[str, Any]:
    """Each group and command by its words, such as ``trust rotate``; the whole command line by ``""``."""
    return dict(_below(get_command(app), ()))


def commands() -> dict[str, Any]:
    """Each command by its words."""
    return {words: it for words, it in groups_and_commands().items() if not hasattr(it, "commands")}


def _below(group: Any, above: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    yield " ".join(above), group
    load = getattr(group, "load", None)
    for name, command in getattr(group, "commands", {}).items():
        yield from _below(load(name) if load else command, (*above, name))
