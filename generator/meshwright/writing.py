"""Writes and removes files below one folder and never follows a symbolic link out of it.

Each folder on a path is opened relative to its open parent with O_NOFOLLOW, and every operation uses these
descriptors, so a link that appears in the meantime is not followed either. Temporary files have random names,
so nobody can place a link there in advance.

Every file that is replaced as a whole is written here: in a repository, in the cache and in the user's state.
Only apps/steps.py, which swaps whole folders, and update/applier.py, which can resume, do it themselves.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from meshwright.openfolder import (
    FOLDER,
    LINK,
    NOFOLLOW,
    fill,
    link_or_copy,
    mode_of,
    removed_on_error,
    rename_new,
    write_temporary,
)


class Tree:
    """A folder to write in. Paths are relative to it, with ``/`` between their parts and no ``..``.

    ``root`` itself may be reached through a link, because the user named it. Every method raises OSError with
    the full path; ELOOP means that a link is in the way. ``made`` lists the folders that were created.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.made: list[str] = []
        self._held: dict[str, int] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        # Open descriptors do not exist in another process.
        return _unpickle, (self.root, self.made)

    def hold(self, path: str) -> None:
        """Create a folder and keep it open until ``release``, for folders that receive many files."""
        if path not in self._held:
            self._held[path] = self._open(path, make=True)

    def release(self) -> None:
        """Close the held folders."""
        for handle in self._held.values():
            os.close(handle)
        self._held.clear()

    @contextmanager
    def folder(self, path: str = "", *, make: bool = False) -> Iterator[int]:
        """An open folder as a file descriptor; ``make`` creates it and its parents."""
        if path in self._held:
            yield self._held[path]
            return
        handle = self._open(path, make=make)
        try:
            yield handle
        finally:
            os.close(handle)

    def _open(self, path: str, *, make: bool) -> int:
        parts = _parts(path)
        above = "/".join(parts[:-1])
        if above in self._held:
            with self._full_path(path):
                return self._enter(self._held[above], parts[-1], path, make)
        handle, done = os.open(self.root, FOLDER), ""
        for part in parts:
            done = f"{done}/{part}" if done else part
            try:
                with self._full_path(done):
                    inner = self._enter(handle, part, done, make)
            finally:
                os.close(handle)
            handle = inner
        return handle

    def write(self, path: str, content: bytes, mode: int | None = None) -> None:
        """Write a file atomically; ``mode`` is for a new file, an existing one keeps its own."""
        with self.parent(path, make=True) as (place, name):
            kept = mode_of(place, name)
            temporary = write_temporary(place, content, mode if kept is None else kept)
            with removed_on_error(place, temporary):
                os.rename(temporary, name, src_dir_fd=place, dst_dir_fd=place)

    def create(self, path: str, content: bytes, mode: int | None = None) -> None:
        """Write a new file that nobody reads before everything is written."""
        with self.parent(path) as (place, name):
            fill(place, name, content, mode)

    def add(self, files: Mapping[str, bytes]) -> None:
        """Write new files in this order, all or none. Raises FileExistsError if one exists."""
        added: list[str] = []
        before = len(self.made)
        try:
            for path, content in files.items():
                with self.parent(path, make=True) as (place, name):
                    temporary = write_temporary(place, content, None)
                    with removed_on_error(place, temporary):
                        rename_new(place, temporary, name)
                added.append(path)
        except OSError:
            for path in added:
                with suppress(OSError):
                    self.remove(path)
            self.unmake(before)
            raise

    def remove(self, path: str) -> None:
        """Remove a file, a link (not its target), or a folder with its content."""
        with self.parent(path) as (place, name):
            if not stat.S_ISDIR(os.stat(name, dir_fd=place, follow_symlinks=False).st_mode):
                os.unlink(name, dir_fd=place)
                return
            # Imported here because most runs remove nothing.
            import shutil

            shutil.rmtree(name, dir_fd=place)

    def remove_empty(self, path: str) -> bool:
        """Remove a folder if it is empty; return whether it was removed."""
        with suppress(OSError), self.parent(path) as (place, name):
            os.rmdir(name, dir_fd=place)
            return True
        return False

    def move(self, source: str, target: str) -> None:
        """Rename a file or a folder; the folder of ``target`` must exist."""
        with self.parent(source) as (here, name), self.parent(target) as (there, other):
            os.rename(name, other, src_dir_fd=here, dst_dir_fd=there)

    def link(self, source: str, copy: str) -> None:
        """Copy a file, link or folder, with hard links where possible."""
        with self.parent(source) as (here, name), self.parent(copy) as (there, other):
            link_or_copy(here, name, there, other)

    def mode(self, path: str) -> int | None:
        """The permissions of what is at ``path``; None if nothing is."""
        try:
            with self.parent(path) as (place, name):
                return mode_of(place, name)
        except FileNotFoundError:
            return None

    def kind(self, path: str) -> str:
        """``file``, ``folder``, ``symbolic link`` or ``special file``; empty if nothing is at ``path``."""
        try:
            with self.parent(path) as (place, name):
                mode = os.stat(name, dir_fd=place, follow_symlinks=False).st_mode
        except FileNotFoundError:
            return ""
        if stat.S_ISLNK(mode):
            return "symbolic link"
        if stat.S_ISDIR(mode):
            return "folder"
        return "file" if stat.S_ISREG(mode) else "special file"

    def unmake(self, keep: int = 0) -> None:
        """Remove the created folders that are empty, except the first ``keep``."""
        for path in reversed(self.made[keep:]):
            self.remove_empty(path)
        del self.made[keep:]

    @contextmanager
    def parent(self, path: str, *, make: bool = False) -> Iterator[tuple[int, str]]:
        """The open folder of a path, and the name in it."""
        parts = _parts(path)
        with self.folder("/".join(parts[:-1]), make=make) as place, self._full_path(path):
            yield place, parts[-1]

    def _enter(self, handle: int, part: str, path: str, make: bool) -> int:
        try:
            return os.open(part, FOLDER | NOFOLLOW, dir_fd=handle)
        except FileNotFoundError:
            if not make:
                raise
        except OSError:
            if stat.S_ISLNK(os.stat(part, dir_fd=handle, follow_symlinks=False).st_mode):
                raise OSError(errno.ELOOP, LINK) from None
            raise
        with suppress(FileExistsError):
            os.mkdir(part, dir_fd=handle)
            self.made.append(path)
        return os.open(part, FOLDER | NOFOLLOW, dir_fd=handle)

    @contextmanager
    def _full_path(self, path: str) -> Iterator[None]:
        """Put the full path into errors instead of the name in the open folder."""
        try:
            yield
        except OSError as error:
            if error.filename is not None and str(error.filename).startswith(str(self.root)):
                raise
            raise OSError(error.errno, error.strerror or str(error), str(self.root / path)) from None


def _unpickle(root: Path, made: list[str]) -> Tree:
    tree = Tree(root)
    tree.made = made
    return tree


def _parts(path: str) -> tuple[str, ...]:
    parts = tuple(part for part in path.split("/") if part not in ("", "."))
    if ".." in parts or path.startswith("/"):
        raise OSError(errno.EINVAL, "is outside the folder to write in", path)
    return parts
