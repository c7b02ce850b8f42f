"""Decides which files a merge must not change: the user's own, and those that the generator writes."""

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
    """The three sides of a merge: files of the old template, the user and the new template."""

    base: Mapping[str, TreeEntry]
    ours: Mapping[str, TreeEntry]
    theirs: Mapping[str, TreeEntry]


def keep_ours(
    sides: Sides, kept: Iterable[str], derived: Iterable[str]
) -> tuple[dict[str, TreeEntry | None], ...]:
    """Changes to base and theirs after which a merge leaves these paths as they are in ours.

    ``kept`` paths belong to the user once they exist: a deleted one is not restored, and one that the
    template removes is merged like any other. ``derived`` paths are left to the generator.
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
    """Paths of the template that may be generated files."""
    paths = {*sides.base, *sides.theirs}
    return sorted(path for path in paths if any(fnmatch.fnmatch(path, pattern) for pattern in _DERIVED))


def is_generated(content: bytes) -> bool:
    """Whether this is a generated file, edited or not."""
    return generated_from(content.decode("utf-8", "replace")) is not None
