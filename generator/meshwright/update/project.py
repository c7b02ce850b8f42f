"""The repository to update, and the preconditions for an update."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from meshwright.errors import MeshwrightError, together
from meshwright.git.changes import uncommitted
from meshwright.git.checkout import NotACheckout
from meshwright.git.gitpython import Git
from meshwright.git.paths import is_plain
from meshwright.git.worktree import NoRevision, WorkTree
from meshwright.inert import printable
from meshwright.update.answers import Answers, read_answers
from meshwright.yaml.conflict import conflict_in_file

# Files in the Git directory that mean that another operation is unfinished.
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
    """A file of a tree: its mode as git writes it, and its blob."""

    mode: str
    blob: str

    @property
    def is_submodule(self) -> bool:
        """Whether it is a commit of another repository instead of a file."""
        return self.mode == "160000"


@dataclass(frozen=True)
class Project:
    """A generated repository in Git without uncommitted changes; ``root`` may be inside a larger checkout.

    ``top`` is the checkout, ``prefix`` the path from it to ``root`` (empty, or with a trailing slash),
    ``head`` the commit, ``tree`` the committed tree of ``root``, ``entries`` its files and submodules by path
    from ``root``. ``notes`` are lines about the checkout for the user.
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
        """The folder to update, a real path."""
        return self.work_tree.folder

    @property
    def top(self) -> Path:
        """The top folder of the checkout."""
        return self.work_tree.top

    @property
    def prefix(self) -> str:
        """The path from ``top`` to ``root``."""
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
    """The project at ``path``. Raises MeshwrightError, in one line, if it cannot be updated."""
    if not path.is_dir():
        raise MeshwrightError(f"{path}: no such folder")
    try:
        work_tree = WorkTree.of(path)
    except NotACheckout:
        raise MeshwrightError(
            f"{path}: not in a Git checkout; run git init && git add --all && git commit, because an update "
            "merges into the last commit"
        ) from None
    git = Git.at(work_tree)
    object_format, git_dir, shallow = git(
        "rev-parse", "--show-object-format", "--absolute-git-dir", "--is-shallow-repository"
    ).split("\n")
    try:
        head = work_tree.commit("HEAD")
    except NoRevision:
        raise MeshwrightError(f"{path}: nothing is committed yet; run git add --all && git commit") from None
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


def with_answers(project: Project, answers_file: str) -> Project:
    """The project with another answers file. Raises MeshwrightError if that is not committed."""
    work_tree = project.work_tree
    text = _answers_text(work_tree.folder, project.git, project.prefix, answers_file)
    answers = read_answers(str(work_tree.folder / answers_file), text)
    return replace(project, answers=answers, answers_text=text)


def refuse_if_changed(project: Project) -> None:
    """Raises MeshwrightError if a file was changed since the project was opened."""
    _refuse_changes(project.work_tree)
    if project.git("rev-parse", f"HEAD:{project.prefix}") != project.tree:
        raise MeshwrightError(f"{project.root}: something was committed while the update ran; run it again")


def read_tree(git: Git, tree: str) -> dict[str, TreeEntry]:
    """Every file of a tree, by path. Raises MeshwrightError for a path that is not valid in a checkout."""
    listed = git.checked("ls-tree", "-r", "-z", "--full-tree", tree).output
    entries = {}
    for line in listed.decode("utf-8", "surrogateescape").split("\0"):
        if line:
            facts, path = line.split("\t", 1)
            mode, _, blob = facts.split(" ")
            if not is_plain(path):
                raise MeshwrightError(f"'{printable(path)}': this path in Git is not valid in a checkout")
            entries[path] = TreeEntry(mode, blob)
    return entries


def _refuse_underway(path: Path, git_dir: Path) -> None:
    for name, what in _UNDERWAY.items():
        if (git_dir / name).exists():
            raise MeshwrightError(f"{path}: {what} is in progress in this checkout; finish or abort it first")


def _answers_text(path: Path, git: Git, prefix: str, name: str) -> str:
    done = git.run("cat-file", "blob", f"HEAD:{prefix}{name}")
    if not done.status:
        return done.output.decode("utf-8", "replace")
    if (path / name).is_file():
        raise MeshwrightError(
            f"{path / name}: not committed; run git add and git commit, because an update merges into the "
            "last commit"
        )
    raise MeshwrightError(
        f"{path}: no {name}: the repository was not created by `copier copy`, or the file has another name "
        "(pass it with --answers-file)"
    )


def _refuse_changes(tree: WorkTree) -> None:
    names = uncommitted(tree, untracked=False)
    # Only files that differ from the commit can have an unresolved conflict.
    if conflicts := [told for name in names if (told := conflict_in_file(tree.folder, name))]:
        raise together(f"{told}, then git commit" for told in conflicts)
    if names:
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        raise MeshwrightError(
            f"{tree.folder}: {printable(names[0])}{more}: uncommitted changes; run git commit or git stash, "
            "because an update merges into the last commit"
        )


def _refuse_sparse(project: Project) -> None:
    for path, entry in project.entries.items():
        if not entry.is_submodule and not os.path.lexists(project.root / path):
            raise MeshwrightError(
                f"{project.root}: {path} is committed but not checked out; run git sparse-checkout disable"
            )


def _notes(git: Git, shallow: bool) -> tuple[str, ...]:
    notes = []
    if git.run("symbolic-ref", "--quiet", "HEAD").status:
        notes.append("HEAD is detached: create a branch before you commit the result (git switch -c upgrade)")
    if outer := git("rev-parse", "--show-superproject-working-tree"):
        notes.append(f"this is a submodule of {Path(outer).name}: commit here first, then there")
    if shallow:
        notes.append("this is a shallow clone: manual edits of the answers may not be found")
    return tuple(notes)
