"""The only module that prints, so that content of a repository is never more than text.

Every function raises OutputClosed when the reader has gone, and OSError when the output cannot be written.
"""

from __future__ import annotations

import os
import sys
import time
from typing import TextIO

from meshwright.inert import harmless


class OutputClosed(Exception):
    """The reader of the output has gone, such as ``head`` after ten lines."""


class _Volume:
    """Of this process: -1 after --quiet, 1 after --verbose; and when it started, for the clock."""

    now = 0
    started = time.monotonic()


def set_volume(volume: int) -> None:
    """Print less (-1), as usual (0) or more (1)."""
    _Volume.now = volume


def quiet() -> bool:
    """Whether only results and errors are wanted."""
    return _Volume.now < 0


def terminal() -> bool:
    """Whether standard output is a terminal."""
    return sys.stdout.isatty()


def in_colour() -> bool:
    """Whether standard output may have colours."""
    return terminal() and not os.environ.get("NO_COLOR")


def tell(text: str, *, colour: bool = False) -> None:
    """Print lines for people on standard output; ``colour`` keeps the colours that the text contains."""
    _write(sys.stdout, harmless(text, colour=colour))


def remark(text: str) -> None:
    """Print lines that are no result, such as a summary; nothing after --quiet."""
    if not quiet():
        tell(text)


def trace(text: str) -> None:
    """Print on standard error what is done, and the seconds since the start; only after --verbose."""
    if _Volume.now > 0:
        complain(f"meshwright: {time.monotonic() - _Volume.started:.2f} s: {text}\n")


def emit(text: str) -> None:
    """Print a report for machines, already escaped by its format, in UTF-8 whatever the locale is."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None and sys.stdout.encoding.lower() not in ("utf-8", "utf8"):
        sys.stdout.flush()
        reconfigure(encoding="utf-8")
    _write(sys.stdout, text)


def complain(text: str) -> None:
    """Print lines on standard error."""
    _write(sys.stderr, harmless(text))


def note(text: str) -> None:
    """Print one line about the run on standard error; nothing after --quiet."""
    if not quiet():
        complain(f"meshwright: {text}\n")


def prepare() -> None:
    """Escape characters that the locale lacks, so that they cannot end a command."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _write(stream: TextIO, text: str) -> None:
    try:
        stream.write(text)
    except BrokenPipeError:
        raise OutputClosed from None
