"""What is done with one name in an open folder, which is a file descriptor. No link is ever followed."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress

# Windows has none of these flags and opens no folder: there every write fails, and a cache is not kept.
_CLOEXEC, NOFOLLOW = getattr(os, "O_CLOEXEC", 0), getattr(os, "O_NOFOLLOW", 0)
FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | _CLOEXEC
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | NOFOLLOW | _CLOEXEC
# Errors of link() on filesystems without hard links.
_NO_LINKS = frozenset({errno.EPERM, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK})
LINK = "is a symbolic link, and files are never written through links; remove it"


def names_in(folder: int) -> list[str]:
    """The names in an open folder."""
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries]


def mode_of(place: int, name: str) -> int | None:
    """The mode of an existing file; None if there is none. Raises OSError for a link, never replaced."""
    try:
        found = os.stat(name, dir_fd=place, follow_symlinks=False)
    except FileNotFoundError:
        return None
    if stat.S_ISLNK(found.st_mode):
        raise OSError(errno.ELOOP, LINK)
    return found.st_mode & 0o777


def write_temporary(place: int, content: bytes, mode: int | None) -> str:
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
def removed_on_error(place: int, temporary: str) -> Iterator[None]:
    """Remove a temporary file if what is done with it fails."""
    try:
        yield
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary, dir_fd=place)
        raise


def rename_new(place: int, temporary: str, name: str) -> None:
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


def link_or_copy(here: int, name: str, there: int, copy: str) -> None:
    """Copy a file, link or folder from one open folder to another, with hard links where possible."""
    found = os.stat(name, dir_fd=here, follow_symlinks=False)
    if stat.S_ISLNK(found.st_mode):
        os.symlink(os.readlink(name, dir_fd=here), copy, dir_fd=there)
        return
    if stat.S_ISDIR(found.st_mode):
        os.mkdir(copy, dir_fd=there)
        inner = os.open(name, FOLDER | NOFOLLOW, dir_fd=here)
        outer = os.open(copy, FOLDER | NOFOLLOW, dir_fd=there)
        try:
            for entry in names_in(inner):
                link_or_copy(inner, entry, outer, entry)
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
    with os.fdopen(os.open(name, os.O_RDONLY | NOFOLLOW | _CLOEXEC, dir_fd=here), "rb") as source:
        state = os.fstat(source.fileno())
        with os.fdopen(os.open(copy, _NEW_FILE, 0o600, dir_fd=there), "wb") as target:
            while block := source.read(2**20):
                target.write(block)
            target.flush()
            os.fchmod(target.fileno(), state.st_mode & 0o777)
            os.utime(target.fileno(), ns=(state.st_atime_ns, state.st_mtime_ns))
