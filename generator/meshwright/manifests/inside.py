"""Reads files and folders of a repository, but none outside of it and no pipe or device."""

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


def list_inside(root: Path, folder: str) -> list[os.DirEntry[str]]:
    """The entries of a folder of the repository, sorted by name.

    Raises OSError, also if ``folder`` leads out of the repository.
    """
    if reason := leads_out(root, folder):
        raise PermissionError(errno.EACCES, reason, folder)
    with os.scandir(root / folder) as entries:
        return sorted(entries, key=lambda entry: entry.name)


def folders_inside(root: Path, folder: str) -> list[str]:
    """Names of the folders in a folder of the repository, without links; none if it cannot be listed."""
    try:
        return [entry.name for entry in list_inside(root, folder) if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []


def files_inside(root: Path, folder: str, suffix: str = "") -> list[str]:
    """Paths of the regular files in a folder of the repository; none if it cannot be listed."""
    try:
        entries = list_inside(root, folder)
    except OSError:
        return []
    names = (entry.name for entry in entries if entry.is_file(follow_symlinks=False))
    return [f"{folder}/{name}" for name in names if name.endswith(suffix)]


def read_inside(root: Path, path: str) -> bytes:
    """The content of a file of the repository.

    Raises OSError, also if ``path`` leads out of it, is not a regular file, or exceeds the size limit.
    """
    if reason := leads_out(root, path):
        raise PermissionError(errno.EACCES, reason, path)
    with open_regular(root / path, current().file * 2**20) as file:
        return file.read()
