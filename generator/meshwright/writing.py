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

# Windows has none of these flags and opens no folder: there every write fails, and a cache is not kept.
_CLOEXEC, _NOFOLLOW = getattr(os, "O_CLOEXEC", 0), getattr(os, "O_NOFOLLOW", 0)
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | _CLOEXEC
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NOFOLLOW | _CLOEXEC
# Errors of link() on filesystems without hard links.
_NO_LINKS = frozenset({errno.EPERM, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK})
LINK = "is a symbolic link, and files are never written through links; remove it"


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
        handle, done = os.open(self.root, _FOLDER), ""
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
            kept = _mode(place, name)
            temporary = _write_temporary(place, content, mode if kept is None else kept)
            with _removed_on_error(place, temporary):
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
                    temporary = _write_temporary(place, content, None)
                    with _removed_on_error(place, temporary):
                        _rename_new(place, temporary, name)
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
            _link(here, name, there, other)

    def mode(self, path: str) -> int | None:
        """The permissions of what is at ``path``; None if nothing is."""
        try:
            with self.parent(path) as (place, name):
                return _mode(place, name)
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
            return os.open(part, _FOLDER | _NOFOLLOW, dir_fd=handle)
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
        return os.open(part, _FOLDER | _NOFOLLOW, dir_fd=handle)

    @contextmanager
    def _full_path(self, path: str) -> Iterator[None]:
        """Put the full path into errors instead of the name in the open folder."""
        try:
            yield
        except OSError as error:
            if error.filename is not None and str(error.filename).startswith(str(self.root)):
                raise
            raise OSError(error.errno, error.strerror or str(error), str(self.root / path)) from None


def names_in(folder: int) -> list[str]:
    """The names in an open folder."""
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries]


def _unpickle(root: Path, made: list[str]) -> Tree:
    tree = Tree(root)
    tree.made = made
    return tree


def _parts(path: str) -> tuple[str, ...]:
    parts = tuple(part for part in path.split("/") if part not in ("", "."))
    if ".." in parts or path.startswith("/"):
        raise OSError(errno.EINVAL, "is outside the folder to write in", path)
    return parts


def _mode(place: int, name: str) -> int | None:
    """The mode of an existing file; None if there is none. Raises OSError for a link, never replaced."""
    try:
        found = os.stat(name, dir_fd=place, follow_symlinks=False)
    except FileNotFoundError:
        return None
    if stat.S_ISLNK(found.st_mode):
        raise OSError(errno.ELOOP, LINK)
    return found.st_mode & 0o777


def _write_temporary(place: int, content: bytes, mode: int | None) -> str:
    """The name of a new file in the folder of its target, so that a rename is atomic."""
    name = f".meshwright-{os.urandom(8).hex()}"
    fill(place, name, content, mode)
    return name


def fill(place: int, name: str, content: bytes, mode: int | None = None) -> None:
    """Write a new file in an open folder and remove it if that fails. Raises OSError."""
    handle = os.open(name, _NEW_FILE, 0o666, dir_fd=place)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            if mode is not None:
                os.fchmod(file.fileno(), mode)
    except BaseException:
        with suppress(OSError):
            os.unlink(name, dir_fd=place)
        raise


@contextmanager
def _removed_on_error(place: int, temporary: str) -> Iterator[None]:
    try:
        yield
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary, dir_fd=place)
        raise


def _rename_new(place: int, temporary: str, name: str) -> None:
    """Rename to a name that must be free; a plain rename would replace a file created in the meantime."""
    try:
        os.link(temporary, name, src_dir_fd=place, dst_dir_fd=place, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        with suppress(FileNotFoundError):
            os.stat(name, dir_fd=place, follow_symlinks=False)
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from None
        os.rename(temporary, name, src_dir_fd=place, dst_dir_fd=place)
    else:
        os.unlink(temporary, dir_fd=place)


def _link(here: int, name: str, there: int, copy: str) -> None:
    found = os.stat(name, dir_fd=here, follow_symlinks=False)
    if stat.S_ISLNK(found.st_mode):
        os.symlink(os.readlink(name, dir_fd=here), copy, dir_fd=there)
        return
    if stat.S_ISDIR(found.st_mode):
        os.mkdir(copy, dir_fd=there)
        inner = os.open(name, _FOLDER | _NOFOLLOW, dir_fd=here)
        outer = os.open(copy, _FOLDER | _NOFOLLOW, dir_fd=there)
        try:
            for entry in names_in(inner):
                _link(inner, entry, outer, entry)
            os.fchmod(outer, found.st_mode & 0o777)
        finally:
            os.close(inner)
            os.close(outer)
        return
    try:
        os.link(name, copy, src_dir_fd=here, dst_dir_fd=there, follow_symlinks=False)
    except OSError:
        if not stat.S_ISREG(found.st_mode):
            raise
        _copy(here, name, there, copy)


def _copy(here: int, name: str, there: int, copy: str) -> None:
    with os.fdopen(os.open(name, os.O_RDONLY | _NOFOLLOW | _CLOEXEC, dir_fd=here), "rb") as source:
        state = os.fstat(source.fileno())
        with os.fdopen(os.open(copy, _NEW_FILE, 0o600, dir_fd=there), "wb") as target:
            while block := source.read(2**20):
                target.write(block)
            target.flush()
            os.fchmod(target.fileno(), state.st_mode & 0o777)
            os.utime(target.fileno(), ns=(state.st_atime_ns, state.st_mtime_ns))
