"""Tells from the state of files, without reading them, whether one has changed.

The state is mode, size, modification and change time and inode, so even an edit that restores the
modification time is seen.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Container, Iterable, Iterator, Sequence
from pathlib import Path

ABSENT = "absent"


def digest(parts: Iterable[str]) -> str:
    """The SHA-256 of texts, in hexadecimal. Half characters, which names of files may have, count too."""
    found = hashlib.sha256()
    for part in parts:
        found.update(f"{part}\0".encode("utf-8", "surrogatepass"))
    return found.hexdigest()


def state_of(path: Path | str) -> str:
    """The state of what ``path`` leads to; ABSENT when nothing is there."""
    try:
        return _text(os.stat(path))  # noqa: PTH116 - once for each file of a repository
    # A path that a configuration names may hold a null character.
    except (OSError, ValueError):
        return ABSENT


def states_in(
    folder: Path, skipped: Container[str], git_files: Sequence[str] = ()
) -> Iterator[tuple[str, str]]:
    """The path from ``folder`` and the state of each file and link below it, always in the same order.

    The state of a link is its text and the state of its target, which may be anywhere. ``skipped`` has names
    of folders that are left out; one with a leading slash is a path from ``folder``. ``git_files`` are the
    files that count of each ``.git``.
    """
    pending = [""]
    while pending:
        current = pending.pop()
        try:
            with os.scandir(f"{folder}/{current}") as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError:
            yield current, "unreadable"
            continue
        for entry in entries:
            path = f"{current}{entry.name}"
            if git_files and entry.name == ".git":
                yield from ((f"{path}/{name}", state_of(f"{entry.path}/{name}")) for name in git_files)
            elif entry.is_dir(follow_symlinks=False):
                if entry.name not in skipped and f"/{path}" not in skipped:
                    pending.append(f"{path}/")
            else:
                yield path, _state(entry)


def _state(entry: os.DirEntry[str]) -> str:
    try:
        if entry.is_symlink():
            return f"-> {os.readlink(entry.path)} {state_of(entry.path)}"  # noqa: PTH115 - of any text
        return _text(entry.stat(follow_symlinks=False))
    except OSError:
        return ABSENT


def _text(found: os.stat_result) -> str:
    return f"{found.st_mode} {found.st_size} {found.st_mtime_ns} {found.st_ctime_ns} {found.st_ino}"
