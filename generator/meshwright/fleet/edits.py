"""What a cluster's files have beside the template, merged into the files of another cluster."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from meshwright.fleet.pathmapping import PathMapping
from meshwright.fleet.promotions import Promoted
from meshwright.update.filegroups import group_of
from meshwright.update.merge import Merged, MergeRepository
from meshwright.update.project import Project, TreeEntry

Entries = Mapping[str, TreeEntry]
# A rotation of the trust anchor goes stage by stage on each cluster, with days between them.
_TRUST = "linkerd-trust"
# Certificates, keys and encrypted files are those of one cluster.
_PRIVATE = re.compile(rb"-----BEGIN [A-Z ]+-----|^sops:|^kind: SealedSecret\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Edits:
    """The edits of ``origin``, for ``cluster``; ``pristine`` is a folder with its files as rendered.

    ``promoted`` is the last promotion, and ``promoted_pristine`` what was rendered then.
    """

    origin: str
    cluster: str
    pristine: Path
    promoted: Promoted | None
    promoted_pristine: Path


def places_of(cluster: str) -> tuple[str, ...]:
    """The folders of a cluster that are promoted."""
    return f"platform/{cluster}/", f"clusters/{cluster}/platform/", f"mesh/components/{cluster}/"


def carry(
    edits: Edits, project: Project, repository: MergeRepository, scratch: Path, ours: str
) -> tuple[Merged, tuple[str, ...]]:
    """``ours``, a tree, with the edits; and notes about those that are left out."""
    mapping = PathMapping(edits.origin, edits.cluster, places_of, repository, scratch)
    base = mapping.entries("base", repository.entries(repository.tree_of_folder(edits.pristine)))
    theirs = mapping.entries("theirs", project.entries)
    if edits.promoted:
        base = _with_promoted(edits, edits.promoted, mapping, repository, base)
    mine = repository.entries(ours)
    left = _left_out(edits, repository, base, mine, theirs)
    skipped = {path for path in base if path not in mine} | left.keys()
    places = places_of(edits.cluster)
    rest: dict[str, TreeEntry | None] = {path: None for path in mine if path.startswith(places)}
    kept = {path: mine.get(path) for path in skipped}
    trees = [repository.tree_with(ours, {**rest, **dict(side), **kept}) for side in (base, theirs)]
    merged = repository.merge(trees[0], ours, trees[1], (edits.cluster, edits.origin))
    return merged, tuple(left.values())


def _with_promoted(
    edits: Edits, promoted: Promoted, mapping: PathMapping, repository: MergeRepository, pristine: Entries
) -> dict[str, TreeEntry]:
    """The pristine files with the edits that were promoted already, so that only newer ones are merged."""
    old = repository.entries(repository.tree_of_folder(edits.promoted_pristine))
    then = (mapping.entries("old", old), mapping.entries("then", promoted.entries))
    base, ours = (repository.tree_of(side) for side in then)
    merged = repository.merge(base, ours, repository.tree_of(pristine), ("promoted", "rendered"))
    entries = dict(repository.entries(merged.tree))
    for conflict in merged.conflicts:
        entries.pop(conflict.path, None)
        if conflict.path in pristine:
            entries[conflict.path] = pristine[conflict.path]
    return entries


def _left_out(
    edits: Edits, repository: MergeRepository, base: Entries, mine: Entries, theirs: Entries
) -> dict[str, str]:
    """Edited paths that are not promoted, each with a note."""
    changed = sorted(path for path in {*base, *theirs} if base.get(path) != theirs.get(path))
    missing = {group_of(path) for path in base} - {group_of(path) for path in mine}
    found = {}
    for path in changed:
        title = f"not promoted: {path}"
        if group_of(path).name == _TRUST:
            found[path] = f"{title}: a trust anchor is rotated on each cluster, by meshwright trust rotate"
        elif any(_is_private(repository, side.get(path)) for side in (base, mine, theirs)):
            found[path] = f"{title}: certificates and encrypted files are those of one cluster"
        elif path in theirs and path not in mine and group_of(path) in missing:
            found[path] = f"{title}: {edits.cluster} has no {group_of(path).title(several=False)}"
        elif path in base and path not in mine and path in theirs:
            found[path] = f"{title}: {edits.origin} has edited it, but {edits.cluster} has no such file"
    return found


def _is_private(repository: MergeRepository, entry: TreeEntry | None) -> bool:
    if entry is None or entry.is_submodule:
        return False
    return bool(_PRIVATE.search(repository.contents([entry.blob])[0]))
