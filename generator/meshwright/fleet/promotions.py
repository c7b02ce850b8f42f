"""What was promoted last from a cluster to another one: the commit that its trailer records."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from meshwright.errors import MeshwrightError
from meshwright.update.answers import Answers, read_answers
from meshwright.update.project import Project, TreeEntry, read_tree

TRAILER = "Promoted-from"


@dataclass(frozen=True)
class Promoted:
    """``commit`` had the files that were promoted: ``entries`` by path, rendered with ``answers``.

    Without ``answers`` the commit is not in this clone.
    """

    commit: str
    answers: Answers | None
    entries: Mapping[str, TreeEntry]


def trailer(origin: str, commit: str) -> str:
    """The line of a commit message that records a promotion."""
    return f"{TRAILER}: {origin}@{commit}"


def last_promotion(project: Project, origin: str, cluster: str) -> Promoted | None:
    """The newest promotion from ``origin`` that changed files of ``cluster``; None if there was none.

    ``project`` has the answers of ``origin``.
    """
    git = project.git
    # A squashed pull request has the line anywhere in its message.
    pattern = f"^ *{TRAILER}: {re.escape(origin)}@[0-9a-f]+ *$"
    places = [f"{project.prefix}{place}/{cluster}" for place in ("platform", "clusters", "mesh/components")]
    paths = [*places, f"{project.prefix}.copier-answers.{cluster}.yml"]
    message = git.run(
        "log", "-1", "--extended-regexp", f"--grep={pattern}", "--format=%B", "HEAD", "--", *paths
    )
    found = re.search(rf"^ *{TRAILER}: {re.escape(origin)}@([0-9a-f]{{7,64}}) *$", message.text, re.MULTILINE)
    if message.status or not found:
        return None
    commit = found[1]
    tree = git.run("rev-parse", "--verify", "--quiet", f"{commit}:{project.prefix}")
    name = project.answers.name.rpartition("/")[2]
    text = git.run("cat-file", "blob", f"{commit}:{project.prefix}{name}")
    if tree.status or text.status:
        return Promoted(commit, None, {})
    try:
        answers = read_answers(name, text.output.decode("utf-8", "replace"))
    except MeshwrightError:
        return Promoted(commit, None, {})
    return Promoted(commit, answers, read_tree(git, tree.text))
