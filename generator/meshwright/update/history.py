"""Finds changes of the answers file since the files were rendered: manual edits, or another template.

Copier ignores such edits forever; an update uses them as answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from meshwright.errors import MeshwrightError
from meshwright.update.answers import Answers, read_answers
from meshwright.update.project import Project

# How many commits of the answers file are read; older manual edits are not found.
_DEPTH = 20


@dataclass(frozen=True)
class RenderedCommit:
    """``answers`` are those that the committed files were rendered with.

    ``source`` is the template that the answers file named before, if that changed with the last version or
    after it; otherwise None.
    """

    answers: Answers
    source: str | None


@dataclass(frozen=True)
class _Change:
    """A commit that changed the answers file; ``before`` are the previous answers, None if unreadable."""

    commit: str
    is_merge: bool
    before: Answers | None


def rendered_answers(project: Project, answers_file: str) -> RenderedCommit:
    """The answers that the files were rendered with, from the newest commits of the answers file.

    A commit that changes only the answers file is a manual edit (or an update that changed no other file,
    for which both readings are correct): the files still follow the answers before it.
    """
    file = project.prefix + answers_file
    answers, source = project.answers, None
    by_hand, same_version = True, True
    for change in _changes(project, file, answers_file):
        if change.before is None:
            break
        if same_version and change.before.source != project.answers.source:
            source = change.before.source
        same_version = same_version and change.before.commit == project.answers.commit
        by_hand = by_hand and not change.is_merge and _changed(project, change.commit) == [file]
        if by_hand:
            answers = change.before
        elif not same_version:
            break
    return RenderedCommit(answers, source)


def _changes(project: Project, file: str, answers_file: str) -> Iterator[_Change]:
    commits = project.git("log", f"-{_DEPTH}", "--format=%H %P", "--full-history", "--", file).split("\n")
    for line in commits:
        commit, *parents = line.split(" ")
        before = project.git.run("cat-file", "blob", f"{parents[0]}:{file}") if parents else None
        previous = None
        if before and not before.status:
            try:
                previous = read_answers(answers_file, before.output.decode("utf-8", "replace"))
            except MeshwrightError:
                previous = None
        yield _Change(commit, len(parents) > 1, previous)


def _changed(project: Project, commit: str) -> list[str]:
    below = ("--", project.prefix) if project.prefix else ()
    listed = project.git.checked(
        "diff-tree", "--no-commit-id", "--name-only", "--root", "-r", "-z", commit, *below
    ).output.decode("utf-8", "surrogateescape")
    return [name for name in listed.split("\0") if name]
