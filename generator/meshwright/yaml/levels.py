"""Explains wrong indentation: which key stands above a line, and where the line belongs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

# A key at the beginning of a line or of a list item.
_KEY = re.compile(
    r"""(?P<key>"[^"]*"|'[^']*'|[^\s#"'\[\]{},&*!|>%@`-][^#:]*?|-[^\s#:][^#:]*?)\s*:(?:\s+(?P<value>.*))?$"""
)
_ITEM = re.compile(r"-\s+")


@dataclass(frozen=True)
class Entry:
    """A key or list item: ``line`` counts from 1, ``column`` from 0; ``value`` is the rest of its line."""

    line: int
    column: int
    key: str
    value: str = ""

    @property
    def is_item(self) -> bool:
        """Whether it is the dash of a list item."""
        return self.key == "-"

    @property
    def title(self) -> str:
        """How a message calls it."""
        return f"the list item on line {self.line}" if self.is_item else f"'{self.key}' (line {self.line})"


def entries_of(line: str, number: int) -> list[Entry]:
    """The dashes and the key that begin in a line; empty for anything else."""
    text = line.rstrip()
    column = len(text) - len(text.lstrip(" "))
    found = []
    while item := _ITEM.match(text, column):
        found.append(Entry(number, column, "-"))
        column = item.end()
    if text[column:] == "-":
        return [*found, Entry(number, column, "-")]
    if key := _KEY.match(text, column):
        found.append(Entry(number, column, key["key"].strip("\"'"), (key["value"] or "").strip()))
    return found


def open_entries(lines: Sequence[str], line: int) -> list[Entry]:
    """The keys and items that are open before ``line`` (from 1), outermost first."""
    found: list[Entry] = []
    for number, text in enumerate(lines[: line - 1], start=1):
        if text.startswith(("---", "...")):
            found = []
            continue
        if not text.strip() or text.lstrip().startswith("#"):
            continue
        for entry in entries_of(text, number):
            while found and found[-1].column >= entry.column:
                found.pop()
            found.append(entry)
    return found


def misplaced(lines: Sequence[str], line: int) -> tuple[str, str] | None:
    """What is wrong with the indentation of ``line``, and the fix; None if that is not the fault."""
    here = entries_of(lines[line - 1], line)
    above = open_entries(lines, line)
    if not here or not above:
        return None
    entry, last = here[0], above[-1]
    name = "this list item" if entry.is_item else f"'{entry.key}'"
    if entry.column > last.column and not last.is_item and last.value and last.value[0] not in "|>&!#":
        fix = f"give it {_spaces(last.column)}, like '{last.key}'"
        return f"{name} is indented below {last.title}, which already has a value", fix
    if any(level.column == entry.column and level.is_item == entry.is_item for level in above):
        return None
    levels = [level for level in above if level.is_item == entry.is_item] or above
    nearest = min(levels, key=lambda level: (abs(level.column - entry.column), -level.column))
    if nearest.is_item != entry.is_item:
        return _other_kind(entry, name, above)
    problem = f"{name} has {_spaces(entry.column)} before it, which matches no line above"
    return (
        problem,
        f"give it {_spaces(nearest.column)} like {nearest.title}{_parent(above, nearest)}",
    )


def _other_kind(entry: Entry, name: str, above: Sequence[Entry]) -> tuple[str, str]:
    same = [level for level in above if level.column == entry.column]
    beside = same[-1] if same else above[-1]
    if entry.is_item:
        return f"{name} begins where a key belongs, after {beside.title}", (
            f"give it {_spaces(beside.column + 2)} to belong to '{beside.key}', and '{beside.key}:' no value"
        )
    return f"{name} begins where a list item belongs, after {beside.title}", (
        f"give it {_spaces(beside.column + 2)} to belong to that item, or begin it with '- '"
    )


def _parent(above: Sequence[Entry], entry: Entry) -> str:
    outer = [level for level in above if level.column < entry.column and not level.is_item]
    return f", in '{outer[-1].key}'" if outer else ""


def _spaces(count: int) -> str:
    return {0: "no spaces", 1: "1 space"}.get(count, f"{count} spaces")
