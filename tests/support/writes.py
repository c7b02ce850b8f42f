"""Every path that this process writes to, as the interpreter itself reports it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_CHANGES = (
    "os.mkdir",
    "os.rename",
    "os.remove",
    "os.rmdir",
    "os.symlink",
    "os.link",
    "os.truncate",
    "os.chmod",
)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_seen: list[str] | None = None


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _seen is None:
        return
    if event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITING:
        if isinstance(arguments[0], (str, bytes)):
            _seen.append(os.fsdecode(arguments[0]))
    elif event in _CHANGES and isinstance(arguments[0], (str, bytes, os.PathLike)):
        # Removed by a folder's handle: a temporary tree, whose making was seen.
        if isinstance(arguments[-1], int) and arguments[-1] >= 0:
            return
        # A link is made at its second path; the first is only what it says.
        _seen.append(os.fsdecode(arguments[1 if event in ("os.symlink", "os.link") else 0]))


sys.addaudithook(_hook)


@contextmanager
def watched_writes() -> Iterator[list[str]]:
    """Collects paths while the block runs. A hook cannot be taken off again; it is idle elsewhere."""
    global _seen
    found: list[str] = []
    _seen = found
    try:
        yield found
    finally:
        _seen = None
