"""Opens single files of a folder that somebody else may have filled: through no link."""

from __future__ import annotations

import errno
import os
import stat
from io import BufferedReader, FileIO
from pathlib import Path

_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
# A named pipe would be waited for.
_AT_ONCE = getattr(os, "O_NONBLOCK", 0)
# Records and answers have some hundred bytes.
_SMALL_BYTES = 1 << 20


def open_regular(path: Path, most: int) -> BufferedReader:
    """A regular file of at most ``most`` bytes, for reading. Raises OSError for everything else."""
    try:
        handle = os.open(path, os.O_RDONLY | _NO_LINK | _AT_ONCE | getattr(os, "O_BINARY", 0))
    except ValueError:
        raise OSError(errno.EINVAL, "not a path: it contains a null character", ascii(path)) from None
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        if status.st_size > most:
            raise OSError(errno.EFBIG, f"larger than {most} bytes", str(path))
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def read_small(path: Path) -> bytes:
    """The content of a regular file of at most 1 MiB. Raises OSError for everything else."""
    with open_regular(path, _SMALL_BYTES) as file:
        return file.read()


def open_lock(path: Path) -> FileIO:
    """A file to lock, made when it is not there; its content stays. Raises OSError."""
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | _NO_LINK | _AT_ONCE, 0o644), "r+b", buffering=0)
