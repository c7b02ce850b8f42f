"""Every path that this process writes to, as the interpreter itself reports it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import meshwright

# Where Python keeps what it compiled, if it is not told otherwise.
_OURS = (f"{Path(meshwright.__file__).parent}{os.sep}", f"{sys.prefix}{os.sep}")
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
            _note(os.fsdecode(arguments[0]))
    elif event in _CHANGES and isinstance(arguments[0], (str, bytes, os.PathLike)):
        # Removed by a folder's handle: a temporary tree, whose making was seen.
        if isinstance(arguments[-1], int) and arguments[-1] >= 0:
            return
        # A link is made at its second path; the first is only what it says.
        _note(os.fsdecode(arguments[1 if event in ("os.symlink", "os.link") else 0]))


def _note(path: str) -> None:
    if _seen is not None and not (path.startswith(_OURS) and f"{os.sep}__pycache__" in path):
        _seen.append(path)


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
