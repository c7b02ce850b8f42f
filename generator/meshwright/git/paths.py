"""Which paths of a tree a checkout can hold; git checks that when it writes files, not when it lists them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

_NEVER = frozenset({"", ".", ".."})


def is_plain(path: str) -> bool:
    """Whether a path with forward slashes stays below where it begins, and out of any ``.git``."""
    return all(part not in _NEVER and part.casefold() != ".git" for part in path.split("/"))


def parents(path: str) -> Iterator[str]:
    """The folders on the way to a path, the nearest first; not the one where it begins."""
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def leads_through_link(root: Path, path: str) -> bool:
    """Whether a folder on the way from ``root`` to ``path``, or that itself, is a symbolic link."""
    return any((root / part).is_symlink() for part in (path, *parents(path)))


def below_one_of(path: str, links: Collection[str]) -> bool:
    """Whether a path leads through one of ``links``."""
    return bool(links) and any(parent in links for parent in parents(path))
