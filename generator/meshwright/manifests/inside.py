"""Reads files of a repository, but none outside of it and no pipe or device."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from meshwright.limits import current
from meshwright.reading import open_regular


def leads_out(root: Path, path: str) -> str:
    """Why ``path`` below ``root`` does not belong to the repository; empty if it does.

    ``path`` has forward slashes and is normalised; it need not exist.
    """
    if path == ".." or path.startswith(("../", "/")) or "\0" in path:
        return "lies outside the repository"
    seen = ""
    for part in path.split("/"):
        if part.lower() == ".git":
            return "is Git's own data"
        seen = f"{seen}/{part}" if seen else part
        if os.path.islink(f"{root}/{seen}"):  # noqa: PTH114 - of any text
            return f"leads through the symbolic link '{seen}'"
    return ""


def read_inside(root: Path, path: str) -> bytes:
    """The content of a file of the repository.

    Raises OSError, also if ``path`` leads out of it, is not a regular file, or exceeds the size limit.
    """
    if reason := leads_out(root, path):
        raise PermissionError(errno.EACCES, reason, path)
    with open_regular(root / path, current().file * 2**20) as file:
        return file.read()
