"""Folders by their paths."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

# What no reader goes into: it is not part of what an engine reads.
SKIPPED_FOLDERS = frozenset({".git", "node_modules", ".venv", "venv", "__pycache__", ".terraform", ".tox"})


def with_above(folders: Iterable[str]) -> frozenset[str]:
    """``folders`` and every folder that holds one of them, but for the repository itself."""
    found: set[str] = set()
    for folder in folders:
        while folder and folder not in found:
            found.add(folder)
            folder = posixpath.dirname(folder)
    return frozenset(found)
