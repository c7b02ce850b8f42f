"""Folders by their paths."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable


def with_above(folders: Iterable[str]) -> frozenset[str]:
    """``folders`` and every folder that holds one of them, but for the repository itself."""
    found: set[str] = set()
    for folder in folders:
        while folder and folder not in found:
            found.add(folder)
            folder = posixpath.dirname(folder)
    return frozenset(found)
