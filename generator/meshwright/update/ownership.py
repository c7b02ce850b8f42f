"""What a merge must not touch: the user's own files, and what the generator derives."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from meshwright.apps.header import generated_from
from meshwright.update.project import TreeEntry

Changes = Mapping[str, TreeEntry | None]
_DERIVED = ("mesh/apps/*", "clusters/*/apps/*.yaml")


@dataclass(frozen=True)
class Sides:
    """The three sides of a merge: files of the old template, of the user, of the new template."""

    base: Mapping[str, TreeEntry]
    ours: Mapping[str, TreeEntry]
    theirs: Mapping[str, TreeEntry]


def settled(
    sides: Sides, kept: Iterable[str], derived: Iterable[str]
) -> tuple[dict[str, TreeEntry | None], ...]:
    """Changes to the base and to the new side by which a merge leaves these paths as the user has them.

    ``kept`` are the user's once they exist: one that he deleted stays away, one that the template drops is
    merged like any other. ``derived`` are left to the generator.
    """
    base: dict[str, TreeEntry | None] = {}
    theirs: dict[str, TreeEntry | None] = {}
    for path in kept:
        if path in sides.theirs and (path in sides.ours or path in sides.base):
            base[path] = theirs[path] = sides.ours.get(path)
    for path in derived:
        if path in sides.ours or path in sides.base:
            base[path] = theirs[path] = sides.ours.get(path)
    return _different(sides.base, base), _different(sides.theirs, theirs)


def _different(side: Mapping[str, TreeEntry], wanted: Changes) -> dict[str, TreeEntry | None]:
    return {path: entry for path, entry in wanted.items() if side.get(path) != entry}


def candidates(sides: Sides) -> list[str]:
    """Paths that may be generated, and on which the template has a say too."""
    paths = {*sides.base, *sides.theirs}
    return sorted(path for path in paths if any(fnmatch.fnmatch(path, pattern) for pattern in _DERIVED))


def is_generated(content: bytes) -> bool:
    """Whether the generator wrote this, or a person on top of it."""
    return generated_from(content.decode("utf-8", "replace")) is not None
