"""Reads files of a repository: none outside of it, and nothing without an end, such as a pipe or a device."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from meshwright.limits import current
from meshwright.reading import open_regular


def leads_out(root: Path, path: str) -> str:
    """Why no file or folder at ``path`` of ``root`` is the repository's own; empty when it is.

    ``path`` has forward slashes and is normalised; whether anything is there does not matter.
    """
    if path == ".." or path.startswith(("../", "/")) or "\0" in path:
        return "lies outside the repository"
    seen = ""
    for part in path.split("/"):
        if part.lower() == ".git":
            return "is Git's own"
        seen = f"{seen}/{part}" if seen else part
        if os.path.islink(f"{root}/{seen}"):  # noqa: PTH114 - of any text
            return f"leads through the symbolic link '{seen}'"
    return ""


def read_inside(root: Path, path: str) -> bytes:
    """The content of a file of the repository.

    Raises OSError, also where ``path`` leads out of it, for what is no file, and for more than the limit.
    """
    if reason := leads_out(root, path):
        raise PermissionError(errno.EACCES, reason, path)
    with open_regular(root / path, current().file * 2**20) as file:
        return file.read()
