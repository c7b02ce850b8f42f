"""The only place from which commands print, so that nothing of a repository is ever more than text.

Every function raises OutputClosed when nobody reads any more, and OSError when it cannot be written.
"""

from __future__ import annotations

import os
import sys
from typing import TextIO

from meshwright.inert import harmless


class OutputClosed(Exception):
    """Whoever read the output has gone, such as ``head`` after its ten lines."""


def terminal() -> bool:
    """Whether a person looks at standard output."""
    return sys.stdout.isatty()


def in_colour() -> bool:
    """Whether standard output may have colours."""
    return terminal() and not os.environ.get("NO_COLOR")


def tell(text: str, *, colour: bool = False) -> None:
    """Print lines for people on standard output; ``colour`` says that the text has tones of our own."""
    _write(sys.stdout, harmless(text, colour=colour))


def emit(text: str) -> None:
    """Print a report for machines, which its format has made harmless, in UTF-8 whatever the locale says."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None and sys.stdout.encoding.lower() not in ("utf-8", "utf8"):
        sys.stdout.flush()
        reconfigure(encoding="utf-8")
    _write(sys.stdout, text)


def complain(text: str) -> None:
    """Print lines on standard error."""
    _write(sys.stderr, harmless(text))


def prepare() -> None:
    """Let no character end a command in a locale that lacks it."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _write(stream: TextIO, text: str) -> None:
    try:
        stream.write(text)
    except BrokenPipeError:
        raise OutputClosed from None
