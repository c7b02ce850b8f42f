"""Operations on folder paths."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

# What no reader goes into: it is not part of what an engine reads.
SKIPPED_FOLDERS = frozenset({".git", "node_modules", ".venv", "venv", "__pycache__", ".terraform", ".tox"})


def with_parents(folders: Iterable[str]) -> frozenset[str]:
    """``folders`` and all their parent folders, except the repository root."""
    found: set[str] = set()
    for folder in folders:
        while folder and folder not in found:
            found.add(folder)
            folder = posixpath.dirname(folder)
    return frozenset(found)
