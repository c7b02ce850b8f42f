"""Swaps two paths atomically, where the kernel supports it."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from functools import cache
from typing import Any

# RENAME_EXCHANGE of Linux's renameat2 and RENAME_SWAP of macOS's renameatx_np have the same value.
_SWAP = 2
_UNSUPPORTED = frozenset({errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EXDEV})


def exchange(folder: int, name: str, other_folder: int, other_name: str) -> bool:
    """Swap two names in two open folders; both must exist.

    Returns False if the system or filesystem does not support it. Raises OSError, with nothing changed,
    for any other reason.
    """
    if _call(folder, os.fsencode(name), other_folder, os.fsencode(other_name)):
        return True
    code = ctypes.get_errno()
    if code in _UNSUPPORTED:
        return False
    raise OSError(code, os.strerror(code))


def _call(folder: int, name: bytes, other_folder: int, other_name: bytes) -> bool:
    library = _library()
    try:
        swap = library.renameatx_np if sys.platform == "darwin" else library.renameat2
        return bool(swap(folder, name, other_folder, other_name, _SWAP) == 0)
    except AttributeError:
        # The C library is too old.
        ctypes.set_errno(errno.ENOSYS)
        return False


@cache
def _library() -> Any:
    return ctypes.CDLL(None, use_errno=True)
