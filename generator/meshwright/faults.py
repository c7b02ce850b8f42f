"""Turns a bug in one rule, root, document or step into a finding, so that the rest is still reported."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from meshwright.errors import DEBUG, CannotRun, MeshwrightError, Position, wants_traceback
from meshwright.finding import Finding
from meshwright.yaml import YamlFault

ID = "internal/error"
_FIX = f"this is a bug in Meshwright: report it with the output of {DEBUG}=1"
_LONGEST = 300
_WHOLE = Position(".")
# Faults of the machine, which would stop the rest of the work too.
_MACHINE = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.EIO, errno.EROFS, errno.EFBIG}
)


@contextmanager
def contained(
    said: list[Any], doing: str, at: Position | Callable[[], Position] = _WHOLE, subject: str = ""
) -> Iterator[None]:
    """Run the block; if it fails, append a finding to ``said`` and continue after the block.

    ``doing`` names the work, such as "rule MW417", and ``at`` its place. Whatever ends the whole command
    passes through: CannotRun, a full disk, the deadline (deadline.py), and Ctrl-C.
    """
    try:
        yield
    except CannotRun:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _MACHINE:
            raise
        said.append(fault(error, doing, _position(at), subject))


def _position(at: Position | Callable[[], Position]) -> Position:
    if isinstance(at, Position):
        return at
    try:
        return at()
    except Exception:
        return _WHOLE


def fault(error: Exception, doing: str, at: Position = _WHOLE, subject: str = "") -> Finding:
    """The finding of ``contained``; the error's own position, if it has one, replaces ``at``."""
    place = error.position if isinstance(error, YamlFault) else at
    return Finding(ID, place, f"{doing} stopped: {in_one_line(error)}", _FIX, subject)


def in_one_line(error: BaseException) -> str:
    """What happened and where in our code; with MESHWRIGHT_DEBUG=1, print the traceback to standard error."""
    if wants_traceback():
        import traceback

        traceback.print_exception(error)
    return described(error)


def described(error: BaseException) -> str:
    """What happened and where in our code; prints nothing."""
    words = " ".join(str(error).split())
    words = words if len(words) <= _LONGEST else f"{words[:_LONGEST]}..."
    if isinstance(error, MeshwrightError):
        return words
    return f"{type(error).__name__}{f': {words}' if words else ''}{_place(error)}"


def _place(error: BaseException) -> str:
    """The innermost line of this package in the traceback."""
    found, trace = "", error.__traceback__
    while trace is not None:
        _, package, inside = trace.tb_frame.f_code.co_filename.replace(os.sep, "/").rpartition("/meshwright/")
        if package and inside != "faults.py":
            found = f" ({inside}:{trace.tb_lineno})"
        trace = trace.tb_next
    return found
