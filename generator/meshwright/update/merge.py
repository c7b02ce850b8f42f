"""The three-way merge, by git, in a temporary bare repository.

The old template, the user's files and the new template become three commits, and `git merge-tree` merges
them and follows renames of files and folders. The user's objects are read through an alternate; nothing is
written there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from meshwright.git.gitpython import Git
from meshwright.git.worktree import GitFailure, first_error
from meshwright.update.project import Project, TreeEntry, read_tree

# Rename detection for files and folders, whatever the user configured.
_MERGE_SETTINGS = (
    *("-c", "merge.renames=true", "-c", "merge.directoryRenames=true", "-c", "merge.renameLimit=20000"),
    *("-c", "merge.default=text", "-c", "core.attributesFile=/dev/null"),
)
# An attribute that selects a merge driver other than git's own; such files are merged as text.
_DRIVER = re.compile(rb"(?<=[ \t])merge=(?!(?:text|binary|union)(?:[ \t\r\n]|\Z))[^ \t\r\n]*")
_GONE = "0" * 40
_BINARY = "CONFLICT (binary)"


@dataclass(frozen=True)
class Conflict:
    """A path that git cannot merge; ``stages`` are 1 old template, 2 user, 3 new template."""

    path: str
    kind: str
    reason: str
    stages: Mapping[int, TreeEntry]


@dataclass(frozen=True)
class Merged:
    """The merged tree, which contains markers if there are conflicts.

    ``moved`` are old and new path of the user's files that follow a folder renamed by the template.
    """

    tree: str
    conflicts: tuple[Conflict, ...]
    moved: tuple[tuple[str, str], ...]


class MergeRepository:
    """A bare repository in a scratch folder, with the user's objects as an alternate."""

    def __init__(self, project: Project, scratch: Path) -> None:
        self.folder = scratch / "merge.git"
        settings = project.work_tree.settings
        self.git = Git.bare(self.folder, settings)
        self.folder.mkdir()
        self.git("init", "--quiet", "--bare", f"--object-format={project.object_format}")
        self._project = project
        self._set_alternate()

    def _set_alternate(self) -> None:
        objects = self._project.git("rev-parse", "--path-format=absolute", "--git-path", "objects")
        (self.folder / "objects/info").mkdir(parents=True, exist_ok=True)
        (self.folder / "objects/info/alternates").write_text(f"{objects}\n", encoding="utf-8")
        attributes = self._project.entries.get(".gitattributes")
        if attributes:
            # A bare repository does not read attributes from a tree, so copy them to info/attributes.
            text = self.git.checked("cat-file", "blob", attributes.blob).output
            (self.folder / "info").mkdir(exist_ok=True)
            (self.folder / "info/attributes").write_bytes(_DRIVER.sub(b"", text))

    def tree_of_folder(self, folder: Path) -> str:
        """The tree of a folder with modes and links, including ignored files."""
        git = self._with_index("folder", folder)
        git("read-tree", "--empty")
        git("add", "--all", "--force", "--", ".")
        return git("write-tree")

    def tree_of(self, entries: Mapping[str, TreeEntry]) -> str:
        """The tree with exactly these entries."""
        git = self._with_index("entries", self.folder)
        git("read-tree", "--empty")
        git("update-index", "-z", "--index-info", given=index_lines(entries))
        return git("write-tree")

    def tree_with(self, tree: str, changes: Mapping[str, TreeEntry | None]) -> str:
        """``tree`` with changed entries; None removes a path."""
        if not changes:
            return tree
        git = self._with_index("changes", self.folder)
        git("read-tree", tree)
        git("update-index", "-z", "--index-info", given=index_lines(changes))
        return git("write-tree")

    def merge(self, base: str, ours: str, theirs: str, names: tuple[str, str]) -> Merged:
        """Merge trees; ``names`` label the user's side and the template's in conflict markers."""
        root = self._commit(base)
        sides = [self._commit(tree, root) for tree in (ours, theirs)]
        labels = [re.sub(r"[^A-Za-z0-9._-]", "-", name) for name in names]
        for label, side in zip(labels, sides, strict=True):
            self.git("update-ref", f"refs/heads/{label}", side)
        # Only the repository's attributes count, and those select no merge drivers of the user.
        git = self.git.with_environment(GIT_ATTR_NOSYSTEM="1")
        done = git.run(*_MERGE_SETTINGS, "merge-tree", "--write-tree", "-z", "--messages", *labels)
        if done.status not in (0, 1):
            raise GitFailure(f"git merge-tree: {first_error(done.stderr)}")
        return _read(done.output.decode("utf-8", "surrogateescape"))

    def check_out(self, tree: str, folder: Path) -> None:
        """Write every file of a tree into ``folder``; a submodule becomes an empty folder."""
        folder.mkdir(parents=True, exist_ok=True)
        git = self._with_index("out", folder)
        git("read-tree", tree)
        git("checkout-index", "--all", "--force", "--quiet")

    def entries(self, tree: str) -> dict[str, TreeEntry]:
        """Every file of a tree, by path."""
        return read_tree(self.git, tree)

    def contents(self, blobs: Sequence[str]) -> list[bytes]:
        """The contents of blobs, in their order."""
        given = "".join(f"{blob}\n" for blob in blobs).encode()
        output = self.git.checked("cat-file", "--batch", given=given).output
        found, at = [], 0
        for _ in blobs:
            end = output.index(b"\n", at)
            size = int(output[at:end].rsplit(b" ", 1)[1])
            found.append(output[end + 1 : end + 1 + size])
            at = end + 2 + size
        return found

    def copy_objects(self, blobs: Iterable[str]) -> None:
        """Copy objects into the user's repository, so that its index can refer to them."""
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

    def _with_index(self, name: str, folder: Path) -> Git:
        index = str(self.folder / f"index-{name}")
        named = {"GIT_DIR": str(self.folder), "GIT_INDEX_FILE": index, "GIT_WORK_TREE": str(folder)}
        return Git(folder, named, self.git.settings)


def index_lines(changes: Mapping[str, TreeEntry | None]) -> bytes:
    """Input of `git update-index -z --index-info` for these changes."""
    lines = [
        f"{entry.mode} {entry.blob}\t{path}\0" if entry else f"0 {_GONE}\t{path}\0"
        for path, entry in changes.items()
    ]
    return "".join(lines).encode("utf-8", "surrogateescape")


def _read(output: str) -> Merged:
    """Parse the output of merge-tree -z: a tree, conflicted stages, an empty field, then messages."""
    head, _, rest = output.partition("\0\0")
    tree, *staged = head.rstrip("\0").split("\0")
    stages: dict[str, dict[int, TreeEntry]] = {}
    for line in staged:
        if line:
            facts, path = line.split("\t", 1)
            mode, blob, stage = facts.split(" ")
            stages.setdefault(path, {})[int(stage)] = TreeEntry(mode, blob)
    messages = list(_messages(rest.lstrip("\0")))
    moved = tuple(_move(text, paths) for paths, kind, text in messages if kind.startswith("Path updated"))
    kinds: dict[str, tuple[str, str]] = {}
    for paths, kind, text in messages:
        # The first message of a path is the most specific: "binary" comes before "conflict".
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
    # git lists the new path first.
    return (paths[1], paths[0]) if len(paths) > 1 else (text, paths[0])
