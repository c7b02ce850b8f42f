"""A unified diff of one file for people; control characters in the file are escaped."""

from __future__ import annotations

import re
from collections.abc import Iterator

from meshwright.inert import printable

_TONES = (("---", "\x1b[1m"), ("+++", "\x1b[1m"), ("@@", "\x1b[36m"), ("-", "\x1b[31m"), ("+", "\x1b[32m"))
_OFF = "\x1b[0m"
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_NO_END = "\n\\ No newline at end of file"


def unified(
    path: str, before: str | None, after: str | None, *, colour: bool = False, around: int = 3
) -> Iterator[str]:
    """The lines with their line ends, as git prints them; None means no file. ``around`` lines of context."""
    from difflib import unified_diff

    old = "/dev/null" if before is None else f"a/{path}"
    new = "/dev/null" if after is None else f"b/{path}"
    for line in unified_diff(_lines(before), _lines(after), old, new, n=around):
        # Only the marker of a missing line end is on a second line.
        text = line.removesuffix("\n").removesuffix(_NO_END)
        end = _NO_END if _NO_END in line else ""
        shown = "\t".join(map(printable, text.removesuffix("\r").split("\t")))
        tone = next((tone for start, tone in _TONES if text.startswith(start)), "") if colour else ""
        yield f"{tone}{shown}{_OFF}{end}\n" if tone else f"{shown}{end}\n"


def _lines(text: str | None) -> list[str]:
    lines = _LINE.findall(text or "")
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += f"{_NO_END}\n"
    return lines
