"""The repository that is to be updated: what must hold before anything is done to it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from meshwright.errors import MeshwrightError
from meshwright.git.changes import uncommitted
from meshwright.git.checkout import NotACheckout
from meshwright.git.gitpython import Git
from meshwright.git.paths import is_plain
from meshwright.git.worktree import NoRevision, WorkTree
from meshwright.inert import printable
from meshwright.update.answers import Answers, read_answers

# Files in the git directory that say that something else is half done.
_UNDERWAY = {
    "MERGE_HEAD": "a merge",
    "CHERRY_PICK_HEAD": "a cherry-pick",
    "REVERT_HEAD": "a revert",
    "rebase-merge": "a rebase",
    "rebase-apply": "a rebase",
    "BISECT_LOG": "a bisect",
}


@dataclass(frozen=True)
class TreeEntry:
    """One file of a tree: its mode as git writes it, and its blob."""

    mode: str
    blob: str

    @property
    def is_submodule(self) -> bool:
        """Whether it is a link to a commit of another repository, and no file."""
        return self.mode == "160000"


@dataclass(frozen=True)
class Project:
    """A generated repository in Git, clean; ``root`` is its folder, perhaps inside a larger checkout.

    ``top`` is the checkout, ``prefix`` the way from it to ``root`` (empty, or with a slash at its end),
    ``head`` the commit, ``tree`` the committed tree of ``root``, ``entries`` its files by path from ``root``,
    links to submodules included. ``notes`` are one line each about the checkout that a person should know.
    """

    work_tree: WorkTree
    git_dir: Path
    head: str
    object_format: str
    tree: str
    entries: Mapping[str, TreeEntry]
    answers: Answers
    answers_text: str
    notes: tuple[str, ...]

    @property
    def root(self) -> Path:
        """The folder that is updated, a real path."""
        return self.work_tree.folder

    @property
    def top(self) -> Path:
        """Where the checkout begins."""
        return self.work_tree.top

    @property
    def prefix(self) -> str:
        """The way from ``top`` to ``root``."""
        return self.work_tree.prefix

    @property
    def git(self) -> Git:
        """Git in the checkout."""
        return Git(self.top, self.work_tree.environment, self.work_tree.settings)

    @property
    def submodules(self) -> tuple[str, ...]:
        """Paths of submodules below ``root``."""
        return tuple(path for path, entry in self.entries.items() if entry.is_submodule)


def open_project(path: Path, answers_file: str) -> Project:
    """The project at ``path``. Raises MeshwrightError, in one line, for what stands against an update."""
    if not path.is_dir():
        raise MeshwrightError(f"{path}: no such folder")
    try:
        work_tree = WorkTree.of(path)
    except NotACheckout:
        raise MeshwrightError(
            f"{path}: not in a Git checkout; an update merges into what is committed: "
            "git init && git add --all && git commit"
        ) from None
    git = Git.at(work_tree)
    object_format, git_dir, shallow = git(
        "rev-parse", "--show-object-format", "--absolute-git-dir", "--is-shallow-repository"
    ).split("\n")
    try:
        head = work_tree.commit("HEAD")
    except NoRevision:
        raise MeshwrightError(f"{path}: nothing is committed yet: git add --all && git commit") from None
    prefix = work_tree.prefix
    _refuse_underway(path, Path(git_dir))
    text = _answers_text(path, git, prefix, answers_file)
    _refuse_changes(work_tree)
    tree = git("rev-parse", f"{head}:{prefix}")
    project = Project(
        work_tree=work_tree,
        git_dir=Path(git_dir),
        head=head,
        object_format=object_format,
        tree=tree,
        entries=read_tree(git, tree),
        answers=read_answers(str(path / answers_file), text),
        answers_text=text,
        notes=_notes(git, shallow == "true"),
    )
    _refuse_sparse(project)
    return project


def refuse_if_changed(project: Project) -> None:
    """Raises MeshwrightError when a file was changed since the project was opened."""
    _refuse_changes(project.work_tree)
    if project.git("rev-parse", f"HEAD:{project.prefix}") != project.tree:
        raise MeshwrightError(f"{project.root}: something was committed while the update ran; run it again")


def read_tree(git: Git, tree: str) -> dict[str, TreeEntry]:
    """Every file of a tree, by path. Raises MeshwrightError for a path that leads out of a checkout."""
    listed = git.checked("ls-tree", "-r", "-z", "--full-tree", tree).output
    entries = {}
    for line in listed.decode("utf-8", "surrogateescape").split("\0"):
        if line:
            facts, path = line.split("\t", 1)
            mode, _, blob = facts.split(" ")
            if not is_plain(path):
                raise MeshwrightError(f"'{printable(path)}': a path in Git that no checkout can have")
            entries[path] = TreeEntry(mode, blob)
    return entries


def _refuse_underway(path: Path, git_dir: Path) -> None:
    for name, what in _UNDERWAY.items():
        if (git_dir / name).exists():
            raise MeshwrightError(f"{path}: {what} is under way in this checkout; finish or abort it first")


def _answers_text(path: Path, git: Git, prefix: str, name: str) -> str:
    done = git.run("cat-file", "blob", f"HEAD:{prefix}{name}")
    if not done.status:
        return done.output.decode("utf-8", "replace")
    if (path / name).is_file():
        raise MeshwrightError(
            f"{path / name}: not committed; an update merges into what is: git add and commit"
        )
    raise MeshwrightError(
        f"{path}: no {name}: not made by `copier copy`, or under another name (--answers-file)"
    )


def _refuse_changes(tree: WorkTree) -> None:
    names = uncommitted(tree, untracked=False)
    if names:
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        raise MeshwrightError(
            f"{tree.folder}: {printable(names[0])}{more}: changed and not committed; "
            "an update merges into what is committed: git commit, or git stash"
        )


def _refuse_sparse(project: Project) -> None:
    for path, entry in project.entries.items():
        if not entry.is_submodule and not os.path.lexists(project.root / path):
            raise MeshwrightError(
                f"{project.root}: {path} is committed and not checked out: git sparse-checkout disable"
            )


def _notes(git: Git, shallow: bool) -> tuple[str, ...]:
    notes = []
    if git.run("symbolic-ref", "--quiet", "HEAD").status:
        notes.append("HEAD is detached: make a branch before you commit the result (git switch -c upgrade)")
    if outer := git("rev-parse", "--show-superproject-working-tree"):
        notes.append(f"this is a submodule of {Path(outer).name}: commit here first, then there")
    if shallow:
        notes.append("this is a shallow clone: whether answers were edited by hand cannot be seen")
    return tuple(notes)
