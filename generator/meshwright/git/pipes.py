"""Finds named pipes where git expects a file: it would wait forever, and a clone never creates one."""

from __future__ import annotations

import os
import stat
from pathlib import Path

# The files that git reads in each folder of a work tree.
_READ = frozenset({".git", ".gitignore", ".gitattributes", ".gitmodules"})


def first_pipe(top: Path) -> str:
    """The path of the first pipe in the checkout at ``top`` or in its .git; empty if there is none."""
    for folder, folders, files in os.walk(top):
        folders.sort()
        inner = os.path.relpath(folder, top)
        inside = inner.split(os.sep, 1)[0] == ".git"
        for name in sorted(files):
            path = os.path.join(folder, name)  # noqa: PTH118 - names that are not UTF-8
            if (inside or name in _READ) and _is_pipe(path):
                return os.path.normpath(f"{inner}/{name}")
    return ""


def _is_pipe(path: str) -> bool:
    try:
        return stat.S_ISFIFO(os.lstat(path).st_mode)
    except OSError:
        return False
