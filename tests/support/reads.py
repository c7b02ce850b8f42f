"""Every file and folder that this process reads in one folder and that lies outside of it, through a link."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_WRITES = os.O_WRONLY | os.O_RDWR
_watched: tuple[str, list[str]] | None = None


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _watched is None:
        return
    if event == "open":
        path, _, flags = arguments
        # A link that must not be followed is not.
        if isinstance(flags, int) and flags & (_WRITES | os.O_NOFOLLOW):
            return
    elif event in ("os.listdir", "os.scandir"):
        path = arguments[0]
    else:
        return
    if not isinstance(path, (str, bytes, os.PathLike)):
        return
    root, found = _watched
    given = os.path.abspath(os.fsdecode(path))  # noqa: PTH100 - links stay
    if given.startswith(f"{root}/") and not os.path.realpath(given).startswith(f"{root}/"):
        found.append(given.removeprefix(f"{root}/"))


sys.addaudithook(_hook)


@contextmanager
def watched_reads(root: Path) -> Iterator[list[str]]:
    """Collects paths while the block runs. A hook cannot be taken off again; it is idle elsewhere."""
    global _watched
    found: list[str] = []
    _watched = (str(root.resolve()), found)
    try:
        yield found
    finally:
        _watched = None
