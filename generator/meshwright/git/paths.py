"""Checks which paths of a tree a checkout can contain; git checks them on writing, not on listing."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

_NEVER = frozenset({"", ".", ".."})


def is_plain(path: str) -> bool:
    """Whether a path with forward slashes stays in its root folder and outside any ``.git``."""
    return all(part not in _NEVER and part.casefold() != ".git" for part in path.split("/"))


def parents(path: str) -> Iterator[str]:
    """The parent folders of a path, nearest first, without the root folder."""
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def leads_through_link(root: Path, path: str) -> bool:
    """Whether ``path`` or one of its parents below ``root`` is a symbolic link."""
    return any((root / part).is_symlink() for part in (path, *parents(path)))


def below_one_of(path: str, links: Collection[str]) -> bool:
    """Whether a parent of ``path`` is one of ``links``."""
    return bool(links) and any(parent in links for parent in parents(path))
