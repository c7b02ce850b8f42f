"""Finds the markers that Git leaves in a file after a merge with conflicts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from meshwright.reading import open_regular

# Files with conflicts are written by people; larger ones are data.
_MOST_BYTES = 1024 * 1024
_START = re.compile(r"^<{7}(?: (.*?))?\r?$", re.MULTILINE)
_MIDDLE = re.compile(r"^={7}\r?$", re.MULTILINE)
_END = re.compile(r"^>{7}(?: (.*?))?\r?$", re.MULTILINE)


@dataclass(frozen=True)
class ConflictMarkers:
    """One conflict: ``line`` is that of its first marker, from 1; ``problem`` names both sides."""

    line: int
    problem: str
    fix: str


def conflict_in(text: str) -> ConflictMarkers | None:
    """The first complete conflict of a text; None if there is none."""
    if "<<<<<<<" not in text or (start := _START.search(text)) is None:
        return None
    middle = _MIDDLE.search(text, start.end())
    end = _END.search(text, middle.end()) if middle else None
    if end is None:
        return None
    first, last = _line(text, start.start()), _line(text, end.start())
    return ConflictMarkers(
        first,
        f"unresolved merge conflict between {_side(start)} (line {first}) and {_side(end)} (line {last})",
        "keep one side or combine both, delete the marker lines, and run git add",
    )


def conflict_in_file(root: Path, path: str) -> str:
    """The first conflict of a file as ``path:line:1: problem; fix``; empty if there is none."""
    try:
        with open_regular(root / path, _MOST_BYTES) as file:
            found = conflict_in(file.read().decode("utf-8", "replace"))
    except OSError:
        return ""
    return f"{path}:{found.line}:1: {found.problem}; {found.fix}" if found else ""


def leftover_in(text: str) -> ConflictMarkers | None:
    """A single marker, which somebody forgot when resolving a conflict; None if there is none."""
    for pattern in (_START, _END, _MIDDLE):
        if found := pattern.search(text):
            line = _line(text, found.start())
            shown = found[0].strip()
            return ConflictMarkers(line, f"'{shown}' is left over from a merge conflict", "delete this line")
    return None


def _side(marker: re.Match[str]) -> str:
    return f"'{marker[1]}'" if marker[1] else "an unnamed side"


def _line(text: str, place: int) -> int:
    return text.count("\n", 0, place) + 1
