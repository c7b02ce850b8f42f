"""Swaps two paths in one step of the kernel, where it has such a step."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

_AT_FDCWD = -100
# RENAME_EXCHANGE of Linux' renameat2 and RENAME_SWAP of macOS' renamex_np have one value.
_SWAP = 2
_CANNOT = frozenset({errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EXDEV})


def exchange(one: Path, other: Path) -> bool:
    """Let two paths change places; both must exist. False when this system or filesystem cannot.

    Raises OSError, with nothing changed, for any other reason.
    """
    if _call(os.fsencode(one), os.fsencode(other)):
        return True
    code = ctypes.get_errno()
    if code in _CANNOT:
        return False
    raise OSError(code, os.strerror(code), str(other))


def _call(one: bytes, other: bytes) -> bool:
    library = _library()
    try:
        if sys.platform == "darwin":
            return bool(library.renamex_np(one, other, _SWAP) == 0)
        return bool(library.renameat2(_AT_FDCWD, one, _AT_FDCWD, other, _SWAP) == 0)
    except AttributeError:
        # An older C library.
        ctypes.set_errno(errno.ENOSYS)
        return False


@cache
def _library() -> Any:
    return ctypes.CDLL(None, use_errno=True)
