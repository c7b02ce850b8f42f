"""Which of the added files of an update are renamed ones."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import NamedTuple

from meshwright.update.outcome import Result

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


def renamed(result: Result) -> Mapping[str, str]:
    """The old path of each renamed file, by its new path.

    Files are matched by content, as in ``git diff``; in a folder of such files, by their name too.
    """
    before = {path: old for path, (old, new) in result.changes.items() if old and not new}
    after = {path: new for path, (old, new) in result.changes.items() if new and not old}
    conflicts = {conflict.path for conflict in result.merge.conflicts}
    if not before or not after or conflicts & {*before, *after}:
        return {}
    repository = result.merge.repository
    trees = repository.tree_of(before), repository.tree_of(after)
    told = repository.git(
        "-c",
        "diff.renameLimit=20000",
        "diff-tree",
        "-r",
        "-z",
        "-M",
        "--diff-filter=R",
        "--name-status",
        *trees,
    )
    fields = told.split("\0")
    found = {new: old for old, new in zip(fields[1::3], fields[2::3], strict=False)}
    return found | _in_the_same_folders(found, before.keys() - found.values(), after.keys() - found.keys())


def _in_the_same_folders(found: Mapping[str, str], before: Set[str], after: Set[str]) -> dict[str, str]:
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
