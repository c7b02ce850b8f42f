"""Git LFS: compares a file with its pointer in Git.

Format of pointers: git-lfs docs/spec.md.
"""

from __future__ import annotations

import hashlib
import re
import stat
from pathlib import Path

_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:ext-[^\n]*\n)*"
    rb"oid sha256:([0-9a-f]{64})\nsize ([0-9]{1,18})\n\Z"
)
_LONGEST = 1024


def is_same(file: Path, pointer: bytes) -> bool:
    """Whether ``file`` has the size and digest in ``pointer``; False if that is not a pointer."""
    found = _POINTER.match(pointer) if len(pointer) <= _LONGEST else None
    try:
        about = file.lstat()
        if found is None or not stat.S_ISREG(about.st_mode) or about.st_size != int(found[2]):
            return False
        with file.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest() == found[1].decode()
    except OSError:
        return False
