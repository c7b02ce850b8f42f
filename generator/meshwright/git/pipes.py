"""Named pipes where git reads a file: it would wait for ever, and no clone brings one."""

from __future__ import annotations

import os
import stat
from pathlib import Path

# What git reads in each folder of a work tree, as its owner wrote it.
_READ = frozenset({".git", ".gitignore", ".gitattributes", ".gitmodules"})


def first_pipe(top: Path) -> str:
    """The path of one in the checkout at ``top`` or in its .git; empty when there is none."""
    for folder, folders, files in os.walk(top):
        folders.sort()
        inner = os.path.relpath(folder, top)
        inside = inner.split(os.sep, 1)[0] == ".git"
        for name in sorted(files):
            path = os.path.join(folder, name)  # noqa: PTH118 - names that are no text
            if (inside or name in _READ) and _is_pipe(path):
                return os.path.normpath(f"{inner}/{name}")
    return ""


def _is_pipe(path: str) -> bool:
    try:
        return stat.S_ISFIFO(os.lstat(path).st_mode)
    except OSError:
        return False
