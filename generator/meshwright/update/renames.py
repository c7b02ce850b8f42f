"""Finds renamed files, by their content and by the folder that they are in."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import NamedTuple

from meshwright.update.merge import MergeRepository
from meshwright.update.project import TreeEntry

# From this many files on, a folder is shown instead of its files.
_TOGETHER = 3


class Rename(NamedTuple):
    """A renamed file, or a folder of which ``files`` were renamed; the paths of a folder end with a slash."""

    old: str
    new: str
    files: int = 1

    def __str__(self) -> str:
        count = f" ({self.files} files)" if self.files > 1 else ""
        return f"{self.old} -> {self.new}{count}"


def by_content(
    repository: MergeRepository, before: Mapping[str, TreeEntry], after: Mapping[str, TreeEntry]
) -> dict[str, str]:
    """The old path in ``before`` of each renamed file in ``after``, by its new path, as in ``git diff``."""
    if not before or not after:
        return {}
    trees = repository.tree_of(before), repository.tree_of(after)
    limit = ("-c", "diff.renameLimit=20000")
    told = repository.git(
        *limit, "diff-tree", "-r", "-z", "-M", "--diff-filter=R", "--name-status", *trees
    ).split("\0")
    return {new: old for old, new in zip(told[1::3], told[2::3], strict=False)}


def by_folder(found: Mapping[str, str], before: Set[str], after: Set[str]) -> dict[str, str]:
    """As ``by_content``, for files with the same name in folders from and to which others were renamed."""
    before, after = before - set(found.values()), after - found.keys()
    folders = {
        _split(new)[0]: _split(old)[0] for new, old in found.items() if _split(new)[1] == _split(old)[1]
    }
    moved = {
        path: f"{folders[folder]}{name}"
        for path in after
        for folder, name in [_split(path)]
        if folder in folders
    }
    return {new: old for new, old in moved.items() if old in before}


def together(renames: Mapping[str, str]) -> list[Rename]:
    """The renames, those of one folder as one, sorted by their new path."""
    folders: dict[tuple[str, str], list[Rename]] = {}
    for new, old in renames.items():
        (old_folder, old_name), (new_folder, new_name) = _split(old), _split(new)
        key = (old_folder, new_folder) if old_name == new_name else (old, new)
        folders.setdefault(key, []).append(Rename(old, new))
    found: list[Rename] = []
    for (old_folder, new_folder), items in folders.items():
        found += [Rename(old_folder, new_folder, len(items))] if len(items) >= _TOGETHER else items
    return sorted(found, key=lambda item: item.new)


def _split(path: str) -> tuple[str, str]:
    folder, slash, name = path.rpartition("/")
    return folder + slash, name
