"""Swaps two paths in one step of the kernel, where it has such a step."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from functools import cache
from typing import Any

# RENAME_EXCHANGE of Linux' renameat2 and RENAME_SWAP of macOS' renameatx_np have one value.
_SWAP = 2
_CANNOT = frozenset({errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EXDEV})


def exchange(folder: int, name: str, other_folder: int, other_name: str) -> bool:
    """Let two names in two open folders change places; both must exist.

    False when this system or filesystem cannot. Raises OSError, with nothing changed, for any other reason.
    """
    if _call(folder, os.fsencode(name), other_folder, os.fsencode(other_name)):
        return True
    code = ctypes.get_errno()
    if code in _CANNOT:
        return False
    raise OSError(code, os.strerror(code))


def _call(folder: int, name: bytes, other_folder: int, other_name: bytes) -> bool:
    library = _library()
    try:
        swap = library.renameatx_np if sys.platform == "darwin" else library.renameat2
        return bool(swap(folder, name, other_folder, other_name, _SWAP) == 0)
    except AttributeError:
        # An older C library.
        ctypes.set_errno(errno.ENOSYS)
        return False


@cache
def _library() -> Any:
    return ctypes.CDLL(None, use_errno=True)
