"""The three-way merge: git's own, over trees, in a repository of its own beside the user's.

What the template was, what the user made of it and what the template is now become three commits; `git
merge-tree` follows renames, of files and of folders. The user's objects are read through an alternate;
nothing is written there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from meshwright.git.gitpython import Git
from meshwright.git.worktree import GitFailure, first_error
from meshwright.update.project import Project, TreeEntry, read_tree

# As git does for a rename that it finds, with room for whole folders; every rename counts, whatever is
# configured.
_RULES = (
    *("-c", "merge.renames=true", "-c", "merge.directoryRenames=true", "-c", "merge.renameLimit=20000"),
    *("-c", "merge.default=text", "-c", "core.attributesFile=/dev/null"),
)
# An attribute that asks for a merge driver which is a program: git merges text then.
_DRIVER = re.compile(rb"(?<=[ \t])merge=(?!(?:text|binary|union)(?:[ \t\r\n]|\Z))[^ \t\r\n]*")
_GONE = "0" * 40
_BINARY = "CONFLICT (binary)"


@dataclass(frozen=True)
class Conflict:
    """One path that git cannot decide; ``stages`` are 1 the old template's, 2 yours, 3 the new one's."""

    path: str
    kind: str
    reason: str
    stages: Mapping[int, TreeEntry]


@dataclass(frozen=True)
class Merged:
    """The merged tree, and what git says of it; with conflicts the tree holds markers.

    ``moved`` gives each of the user's files that follows a folder which the template renamed.
    """

    tree: str
    conflicts: tuple[Conflict, ...]
    moved: tuple[tuple[str, str], ...]


class Workshop:
    """A bare repository in a scratch folder, with the user's objects as an alternate."""

    def __init__(self, project: Project, scratch: Path) -> None:
        self.folder = scratch / "merge.git"
        settings = project.work_tree.settings
        self.git = Git.bare(self.folder, settings)
        self.folder.mkdir()
        self.git("init", "--quiet", "--bare", f"--object-format={project.object_format}")
        self._project = project
        self._borrow()

    def _borrow(self) -> None:
        objects = self._project.git("rev-parse", "--path-format=absolute", "--git-path", "objects")
        (self.folder / "objects/info").mkdir(parents=True, exist_ok=True)
        (self.folder / "objects/info/alternates").write_text(f"{objects}\n", encoding="utf-8")
        attributes = self._project.entries.get(".gitattributes")
        if attributes:
            # A bare repository reads no attributes from a tree: merge drivers and text rules stand here.
            text = self.git.checked("cat-file", "blob", attributes.blob).output
            (self.folder / "info").mkdir(exist_ok=True)
            (self.folder / "info/attributes").write_bytes(_DRIVER.sub(b"", text))

    def tree_of_folder(self, folder: Path) -> str:
        """A folder as a tree; ignore rules do not count, modes and links do."""
        git = self._indexed("folder", folder)
        git("read-tree", "--empty")
        git("add", "--all", "--force", "--", ".")
        return git("write-tree")

    def tree_with(self, tree: str, changes: Mapping[str, TreeEntry | None]) -> str:
        """``tree`` with other entries at some paths; None takes one away."""
        if not changes:
            return tree
        git = self._indexed("changes", self.folder)
        git("read-tree", tree)
        git("update-index", "-z", "--index-info", given=index_lines(changes))
        return git("write-tree")

    def merge(self, base: str, ours: str, theirs: str, names: tuple[str, str]) -> Merged:
        """Merge trees; ``names`` are what markers call our side and the template's."""
        root = self._commit(base)
        sides = [self._commit(tree, root) for tree in (ours, theirs)]
        labels = [re.sub(r"[^A-Za-z0-9._-]", "-", name) for name in names]
        for label, side in zip(labels, sides, strict=True):
            self.git("update-ref", f"refs/heads/{label}", side)
        # Nobody's attributes but those of the repository, which name none of the user's merge drivers.
        git = self.git.with_environment(GIT_ATTR_NOSYSTEM="1")
        done = git.run(*_RULES, "merge-tree", "--write-tree", "-z", "--messages", *labels)
        if done.status not in (0, 1):
            raise GitFailure(f"git merge-tree: {first_error(done.stderr)}")
        return _read(done.output.decode("utf-8", "surrogateescape"))

    def check_out(self, tree: str, folder: Path) -> None:
        """Write every file of a tree into ``folder``; a submodule becomes an empty folder."""
        folder.mkdir(parents=True, exist_ok=True)
        git = self._indexed("out", folder)
        git("read-tree", tree)
        git("checkout-index", "--all", "--force", "--quiet")

    def entries(self, tree: str) -> dict[str, TreeEntry]:
        """Every file of a tree, by path."""
        return read_tree(self.git, tree)

    def contents(self, blobs: Sequence[str]) -> list[bytes]:
        """What blobs hold, in their order."""
        given = "".join(f"{blob}\n" for blob in blobs).encode()
        output = self.git.checked("cat-file", "--batch", given=given).output
        found, at = [], 0
        for _ in blobs:
            end = output.index(b"\n", at)
            size = int(output[at:end].rsplit(b" ", 1)[1])
            found.append(output[end + 1 : end + 1 + size])
            at = end + 2 + size
        return found

    def give(self, blobs: Iterable[str]) -> None:
        """Copy objects into the user's repository, where an index may then name them."""
        wanted = sorted(set(blobs))
        if not wanted:
            return
        pack = self.git.checked(
            "pack-objects", "--stdout", "-q", given="".join(f"{b}\n" for b in wanted).encode()
        )
        self._project.git("unpack-objects", "-q", given=pack.output)

    def _commit(self, tree: str, *parents: str) -> str:
        more = [word for parent in parents for word in ("-p", parent)]
        return self.git("commit-tree", tree, *more, "-m", "side")

    def _indexed(self, name: str, folder: Path) -> Git:
        index = str(self.folder / f"index-{name}")
        named = {"GIT_DIR": str(self.folder), "GIT_INDEX_FILE": index, "GIT_WORK_TREE": str(folder)}
        return Git(folder, named, self.git.settings)


def index_lines(changes: Mapping[str, TreeEntry | None]) -> bytes:
    """What `git update-index -z --index-info` reads to make these changes."""
    lines = [
        f"{entry.mode} {entry.blob}\t{path}\0" if entry else f"0 {_GONE}\t{path}\0"
        for path, entry in changes.items()
    ]
    return "".join(lines).encode("utf-8", "surrogateescape")


def _read(output: str) -> Merged:
    """The answer of merge-tree -z: a tree, conflicted stages, an empty field, then messages."""
    head, _, said = output.partition("\0\0")
    tree, *staged = head.rstrip("\0").split("\0")
    stages: dict[str, dict[int, TreeEntry]] = {}
    for line in staged:
        if line:
            facts, path = line.split("\t", 1)
            mode, blob, stage = facts.split(" ")
            stages.setdefault(path, {})[int(stage)] = TreeEntry(mode, blob)
    messages = list(_messages(said.lstrip("\0")))
    moved = tuple(_move(text, paths) for paths, kind, text in messages if kind.startswith("Path updated"))
    kinds: dict[str, tuple[str, str]] = {}
    for paths, kind, text in messages:
        # The first of a path's messages says most: that it is binary comes before that it is a conflict.
        for path in paths if "CONFLICT" in kind or "binary" in text else ():
            kinds.setdefault(path, (_BINARY if "binary" in text else kind, text))
    conflicts = tuple(
        Conflict(path, *kinds.get(path, ("CONFLICT", "both sides changed it")), found)
        for path, found in sorted(stages.items())
    )
    return Merged(tree, conflicts, tuple(pair for pair in moved if pair))


def _messages(text: str) -> Iterable[tuple[list[str], str, str]]:
    fields = text.split("\0")
    at = 0
    while at < len(fields) and fields[at].strip().isdigit():
        count = int(fields[at])
        paths = fields[at + 1 : at + 1 + count]
        kind, words = fields[at + 1 + count : at + 3 + count]
        yield paths, kind, words.strip()
        at += count + 3


def _move(text: str, paths: list[str]) -> tuple[str, str]:
    # git names the new place first.
    return (paths[1], paths[0]) if len(paths) > 1 else (text, paths[0])
