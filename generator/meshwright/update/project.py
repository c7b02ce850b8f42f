"""The repository that is to be updated: what must hold before anything is done to it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from meshwright.errors import MeshwrightError
from meshwright.update.answers import Answers, read_answers
from meshwright.update.gitwork import Git, GitFailure

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
class Entry:
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
    ``tree`` the committed tree of ``root``, ``entries`` its files by path from ``root``, links to
    submodules included. ``notes`` are one line each about the checkout that a person should know.
    """

    root: Path
    top: Path
    prefix: str
    git_dir: Path
    object_format: str
    tree: str
    entries: Mapping[str, Entry]
    answers: Answers
    answers_text: str
    notes: tuple[str, ...]

    @property
    def git(self) -> Git:
        """Git in the checkout."""
        return Git(self.top)

    @property
    def submodules(self) -> tuple[str, ...]:
        """Paths of submodules below ``root``."""
        return tuple(path for path, entry in self.entries.items() if entry.is_submodule)


def open_project(path: Path, answers_file: str) -> Project:
    """The project at ``path``. Raises MeshwrightError, in one line, for what stands against an update."""
    if not path.is_dir():
        raise MeshwrightError(f"{path}: no such folder")
    git = Git(path)
    try:
        asked = git("rev-parse", "--is-bare-repository", "--show-object-format", "--absolute-git-dir")
    except GitFailure:
        raise MeshwrightError(
            f"{path}: not in a Git checkout; an update merges into what is committed: "
            "git init && git add --all && git commit"
        ) from None
    bare, object_format, git_dir = asked.split("\n")
    if bare == "true":
        raise MeshwrightError(f"{path}: a bare repository has no files to update; clone it first")
    top, prefix, shallow = _where(git)
    head = git.run("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if head.status:
        raise MeshwrightError(f"{path}: nothing is committed yet: git add --all && git commit")
    _refuse_underway(path, Path(git_dir))
    text = _answers_text(path, git, prefix, answers_file)
    _refuse_changes(path, git)
    tree = git("rev-parse", f"HEAD:{prefix}" if prefix else "HEAD^{tree}")
    project = Project(
        root=path.resolve(),
        top=Path(top),
        prefix=prefix,
        git_dir=Path(git_dir),
        object_format=object_format,
        tree=tree,
        entries=read_tree(git, tree),
        answers=read_answers(str(path / answers_file), text),
        answers_text=text,
        notes=_notes(git, shallow),
    )
    _refuse_sparse(project)
    return project


def refuse_if_changed(project: Project) -> None:
    """Raises MeshwrightError when a file was changed since the project was opened."""
    _refuse_changes(project.root, Git(project.root))
    tree = project.git("rev-parse", f"HEAD:{project.prefix}" if project.prefix else "HEAD^{tree}")
    if tree != project.tree:
        raise MeshwrightError(f"{project.root}: something was committed while the update ran; run it again")


def read_tree(git: Git, tree: str) -> dict[str, Entry]:
    """Every file of a tree, by path."""
    listed = git.checked("ls-tree", "-r", "-z", "--full-tree", tree).output
    entries = {}
    for line in listed.decode("utf-8", "surrogateescape").split("\0"):
        if line:
            facts, path = line.split("\t", 1)
            mode, _, blob = facts.split(" ")
            entries[path] = Entry(mode, blob)
    return entries


def _where(git: Git) -> tuple[str, str, bool]:
    # A prefix may be empty, and names may hold anything but a line feed at their end.
    top = git("rev-parse", "--show-toplevel")
    return top, git("rev-parse", "--show-prefix"), git("rev-parse", "--is-shallow-repository") == "true"


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


def _refuse_changes(path: Path, git: Git) -> None:
    changed = git.checked(
        "status", "--porcelain=v1", "-z", "--untracked-files=no", "--ignore-submodules=dirty", "--", "."
    )
    names = [
        line[3:] for line in changed.output.decode("utf-8", "surrogateescape").split("\0") if line[2:3] == " "
    ]
    if names:
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        raise MeshwrightError(
            f"{path}: {names[0]}{more}: changed and not committed; an update merges into what is committed: "
            "git commit, or git stash"
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
