"""Writes and removes below one folder, through no link, so that nothing outside of it is touched.

Each folder on the way is opened from the one above it without following a link, and what is done then is
done in the open folder: a link that somebody puts there in the meantime leads nowhere either. Drafts have a
random name that nobody can lay a link at beforehand.
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
_DRAFT = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NOFOLLOW | _CLOEXEC
# What link() says on a filesystem that has no hard links.
_NO_LINKS = frozenset({errno.EPERM, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK})
LINK = "a symbolic link stands there, and nothing is written through one; remove it"


class Tree:
    """A folder to write in. Paths are relative to it, with ``/`` between their parts and no ``..``.

    ``root`` itself may be reached through a link: the user named it. Every method raises OSError, with the
    whole path in it; ELOOP is a link in the way. ``made`` are folders that were not there before.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.made: list[str] = []
        self._held: dict[str, int] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        # What is open here is not open in another process.
        return _again, (self.root, self.made)

    def hold(self, path: str) -> None:
        """Make a folder and keep it open until ``release``: for one that many files are written in."""
        if path not in self._held:
            self._held[path] = self._open(path, make=True)

    def release(self) -> None:
        """Close what is held."""
        for handle in self._held.values():
            os.close(handle)
        self._held.clear()

    @contextmanager
    def folder(self, path: str = "", *, make: bool = False) -> Iterator[int]:
        """A folder, open, as a file descriptor; with ``make`` it and those above it are made."""
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
            with self._told(path):
                return self._enter(self._held[above], parts[-1], path, make)
        handle, done = os.open(self.root, _FOLDER), ""
        for part in parts:
            done = f"{done}/{part}" if done else part
            try:
                with self._told(done):
                    inner = self._enter(handle, part, done, make)
            finally:
                os.close(handle)
            handle = inner
        return handle

    def write(self, path: str, content: bytes) -> None:
        """Write a file, wholly or not at all; one that is there keeps its mode."""
        with self.parent(path, make=True) as (place, name):
            mode = _mode(place, name)
            draft = _draft(place, content, mode)
            with _without(place, draft):
                os.rename(draft, name, src_dir_fd=place, dst_dir_fd=place)

    def create(self, path: str, content: bytes, mode: int | None = None) -> None:
        """Write a file that is not there yet and that nobody reads before all is done."""
        with self.parent(path) as (place, name):
            fill(place, name, content, mode)

    def add(self, files: Mapping[str, bytes]) -> None:
        """Write files that are not there yet, in this order, all or none; FileExistsError when one is."""
        added: list[str] = []
        before = len(self.made)
        try:
            for path, content in files.items():
                with self.parent(path, make=True) as (place, name):
                    draft = _draft(place, content, None)
                    with _without(place, draft):
                        _settle(place, draft, name)
                added.append(path)
        except OSError:
            for path in added:
                with suppress(OSError):
                    self.remove(path)
            self.unmake(before)
            raise

    def remove(self, path: str) -> None:
        """Remove a file, a link itself, or a folder with all that is in it."""
        with self.parent(path) as (place, name):
            if not stat.S_ISDIR(os.stat(name, dir_fd=place, follow_symlinks=False).st_mode):
                os.unlink(name, dir_fd=place)
                return
            # Imported here: most runs remove nothing.
            import shutil

            shutil.rmtree(name, dir_fd=place)

    def remove_empty(self, path: str) -> bool:
        """Remove a folder if nothing is in it; whether it is gone."""
        with suppress(OSError), self.parent(path) as (place, name):
            os.rmdir(name, dir_fd=place)
            return True
        return False

    def move(self, source: str, target: str) -> None:
        """Give a file or a folder another path; the folder of ``target`` must be there."""
        with self.parent(source) as (here, name), self.parent(target) as (there, other):
            os.rename(name, other, src_dir_fd=here, dst_dir_fd=there)

    def link(self, source: str, copy: str) -> None:
        """The same file, link or folder once more elsewhere; contents are shared where they can be."""
        with self.parent(source) as (here, name), self.parent(copy) as (there, other):
            _link(here, name, there, other)

    def mode(self, path: str) -> int | None:
        """The permissions of what stands there; None for nothing."""
        try:
            with self.parent(path) as (place, name):
                return _mode(place, name)
        except FileNotFoundError:
            return None

    def kind(self, path: str) -> str:
        """What stands there: ``file``, ``folder``, ``symbolic link``, ``special file``; empty for nothing."""
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
        """Remove the folders that were made, but the first ``keep`` of them, where nothing is in them."""
        for path in reversed(self.made[keep:]):
            self.remove_empty(path)
        del self.made[keep:]

    @contextmanager
    def parent(self, path: str, *, make: bool = False) -> Iterator[tuple[int, str]]:
        """The folder of a path, open, and the name in it."""
        parts = _parts(path)
        with self.folder("/".join(parts[:-1]), make=make) as place, self._told(path):
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
    def _told(self, path: str) -> Iterator[None]:
        """Errors name the whole path, and not what the open folder calls it."""
        try:
            yield
        except OSError as error:
            if error.filename is not None and str(error.filename).startswith(str(self.root)):
                raise
            raise OSError(error.errno, error.strerror or str(error), str(self.root / path)) from None


def keep(folder: Path, name: str, text: str) -> bool:
    """Write a file of a cache, best effort: one that cannot be written costs time alone. Whether it is."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        Tree(folder.parent).write(f"{folder.name}/{name}", text.encode())
    except OSError:
        return False
    return True


def names_in(folder: int) -> list[str]:
    """The names in an open folder."""
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries]


def _again(root: Path, made: list[str]) -> Tree:
    tree = Tree(root)
    tree.made = made
    return tree


def _parts(path: str) -> tuple[str, ...]:
    parts = tuple(part for part in path.split("/") if part not in ("", "."))
    if ".." in parts or path.startswith("/"):
        raise OSError(errno.EINVAL, "leads out of the folder that is written", path)
    return parts


def _mode(place: int, name: str) -> int | None:
    """The mode of what stands there; None for nothing. A link is nothing to write over."""
    try:
        found = os.stat(name, dir_fd=place, follow_symlinks=False)
    except FileNotFoundError:
        return None
    if stat.S_ISLNK(found.st_mode):
        raise OSError(errno.ELOOP, LINK)
    return found.st_mode & 0o777


def _draft(place: int, content: bytes, mode: int | None) -> str:
    """A new file beside the one that it is to become."""
    name = f".meshwright-{os.urandom(8).hex()}"
    fill(place, name, content, mode)
    return name


def fill(place: int, name: str, content: bytes, mode: int | None = None) -> None:
    """Write a new file in an open folder; it goes again when that fails. Raises OSError."""
    handle = os.open(name, _DRAFT, 0o666, dir_fd=place)
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
def _without(place: int, draft: str) -> Iterator[None]:
    """The draft goes when it could not take its place."""
    try:
        yield
    except BaseException:
        with suppress(OSError):
            os.unlink(draft, dir_fd=place)
        raise


def _settle(place: int, draft: str, name: str) -> None:
    """Bring a draft to a name that nothing has; a rename would take the place of what came meanwhile."""
    try:
        os.link(draft, name, src_dir_fd=place, dst_dir_fd=place, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        with suppress(FileNotFoundError):
            os.stat(name, dir_fd=place, follow_symlinks=False)
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from None
        os.rename(draft, name, src_dir_fd=place, dst_dir_fd=place)
    else:
        os.unlink(draft, dir_fd=place)


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
        with os.fdopen(os.open(copy, _DRAFT, 0o600, dir_fd=there), "wb") as target:
            while block := source.read(2**20):
                target.write(block)
            target.flush()
            os.fchmod(target.fileno(), state.st_mode & 0o777)
            os.utime(target.fileno(), ns=(state.st_atime_ns, state.st_mtime_ns))
