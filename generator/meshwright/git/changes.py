"""Finds uncommitted changes of a checkout without running any configured program.

Git compares with its own line-ending rules. Files in Git LFS are compared by their pointers, because the LFS
filter does not run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from meshwright.errors import MeshwrightError
from meshwright.git.blobs import Blobs
from meshwright.git.lfs import is_same
from meshwright.git.worktree import WorkTree, first_error

_UNTRACKED = "?"
# Fields of a line of `git status --porcelain=v2` before the path, by its first character.
_FIELDS = {"1": 8, "u": 10, _UNTRACKED: 1}
_BLOB = 7


@dataclass(frozen=True)
class _Entry:
    """A status line: ``staged`` and ``unstaged`` are its letters, "." if equal; ``blob`` is in the index."""

    path: str
    staged: str
    unstaged: str
    blob: str = ""


def ignored(tree: WorkTree) -> frozenset[str]:
    """Ignored paths, relative to the folder; an ignored folder is one path. Raises MeshwrightError."""
    wanted = ("ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory")
    ended = tree.run(*wanted, seconds=30)
    if ended.status:
        raise MeshwrightError(first_error(ended.stderr))
    return frozenset(name.rstrip("/") for name in _names(ended.output))


def uncommitted(tree: WorkTree, paths: Iterable[str] = (".",), *, untracked: bool = True) -> list[str]:
    """The files below ``paths`` that differ from the last commit, including new and deleted files.

    Paths are relative to the folder. A submodule counts if it is at another commit. Raises MeshwrightError.
    """
    return [entry.path for entry in _status(tree, paths, untracked=untracked)]


def changed_since(tree: WorkTree, commit: str) -> frozenset[str]:
    """Files of the folder that differ from ``commit``, including new and deleted files but not submodules.

    Raises MeshwrightError.
    """
    wanted = (
        "diff-index",
        "--cached",
        "--name-only",
        "-z",
        "--relative",
        "--no-renames",
        "--ignore-submodules=all",
    )
    staged = tree.checked(*wanted, commit, "--", ".").output
    entries = _status(tree, (".",), untracked=True, submodules="all")
    return frozenset({*_names(staged), *(entry.path for entry in entries if entry.unstaged != ".")})


def _status(
    tree: WorkTree, paths: Iterable[str], *, untracked: bool, submodules: str = "dirty"
) -> list[_Entry]:
    wanted = ["status", "--porcelain=v2", "-z", "--no-renames", f"--ignore-submodules={submodules}"]
    wanted.append(f"--untracked-files={'all' if untracked else 'no'}")
    literal = {"GIT_LITERAL_PATHSPECS": "1"}
    ended = tree.checked(*wanted, "--", *paths, compares=True, more=literal)
    found = list(_entries(ended.output, tree.prefix))
    if ended.stderr.strip():
        # Git complains about files that it cannot look at, and leaves them out.
        listed = tree.checked("ls-files", "-z", "--", *paths, more=literal).output
        known = {entry.path for entry in found}
        lost = (path for path in _names(listed) if path not in known and _is_out_of_reach(tree.folder / path))
        found += [_Entry(path, ".", "D") for path in lost]
    same = _same_in_lfs(tree, [entry for entry in found if entry.unstaged == "M" and entry.blob])
    return [entry for entry in found if entry.staged != "." or entry.path not in same]


def _is_out_of_reach(path: Path) -> bool:
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return False


def _entries(said: bytes, prefix: str) -> Iterator[_Entry]:
    for line in _names(said):
        fields = line.split(" ", _FIELDS.get(line[0], 0))
        if line[0] not in _FIELDS:
            continue
        path = fields[-1].removeprefix(prefix)
        if line[0] == _UNTRACKED:
            yield _Entry(path, _UNTRACKED, _UNTRACKED)
        else:
            yield _Entry(path, fields[1][0], fields[1][1], fields[_BLOB] if line[0] == "1" else "")


def _same_in_lfs(tree: WorkTree, entries: list[_Entry]) -> set[str]:
    """Paths whose content matches their pointer in the index."""
    if not entries or not tree.settings:
        return set()
    given = "".join(f"{entry.path}\0" for entry in entries).encode("utf-8", "surrogateescape")
    said = list(_names(tree.checked("check-attr", "-z", "--stdin", "filter", given=given).output))
    filtered = {path for path, value in zip(said[::3], said[2::3], strict=True) if value not in _NO_FILTER}
    wanted = [entry for entry in entries if entry.path in filtered]
    blobs = Blobs(tree)
    try:
        blobs.fetch(entry.blob for entry in wanted)
        return {entry.path for entry in wanted if is_same(tree.folder / entry.path, blobs.get(entry.blob))}
    finally:
        blobs.close()


_NO_FILTER = ("unspecified", "unset", "set")


def _names(said: bytes) -> Iterator[str]:
    return (name for name in said.decode("utf-8", "surrogateescape").split("\0") if name)
