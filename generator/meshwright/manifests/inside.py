"""Reads files of a repository, and none that a link or a path with ".." leads to outside of it."""

from __future__ import annotations

import errno
import os
from pathlib import Path


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
    """The content of a file of the repository. Raises OSError, also where ``path`` leads out of it."""
    if reason := leads_out(root, path):
        raise PermissionError(errno.EACCES, reason, path)
    return (root / path).read_bytes()
