"""Answers that somebody edited by hand: Copier ignores them for ever, an update takes them as answers."""

from __future__ import annotations

from meshwright.errors import MeshwrightError
from meshwright.update.answers import Answers, read_answers
from meshwright.update.project import Project

# Commits of the answers file that are looked at; whoever edited it more often than that is on his own.
_DEPTH = 20


def rendered_answers(project: Project, answers_file: str) -> Answers:
    """The answers by which the committed files were rendered.

    A commit that changes the answers file and nothing else is an edit by hand (or an update that changed no
    other file, where both are right): the files still follow the answers before it.
    """
    file = project.prefix + answers_file
    answers = project.answers
    commits = project.git("log", f"-{_DEPTH}", "--format=%H %P", "--full-history", "--", file).split("\n")
    for line in commits:
        commit, *parents = line.split(" ")
        if len(parents) != 1 or _changed(project, commit) != [file]:
            break
        before = project.git.run("cat-file", "blob", f"{parents[0]}:{file}")
        if before.status:
            break
        try:
            answers = read_answers(answers_file, before.output.decode("utf-8", "replace"))
        except MeshwrightError:
            break
    return answers


def _changed(project: Project, commit: str) -> list[str]:
    below = ("--", project.prefix) if project.prefix else ()
    listed = project.git.checked(
        "diff-tree", "--no-commit-id", "--name-only", "--root", "-r", "-z", commit, *below
    ).output.decode("utf-8", "surrogateescape")
    return [name for name in listed.split("\0") if name]
