"""A generated repository whose answers file is gone, or has another name."""

from __future__ import annotations

from collections.abc import Iterator

from meshwright.apps.clusters import ANSWERS, cluster_files
from meshwright.apps.header import generated_from
from meshwright.check.schema.answersfile import our_answers
from meshwright.errors import Position
from meshwright.finding import Finding
from meshwright.manifests.files import RepositoryFiles
from meshwright.yaml import YamlFault


def lost_answers(files: RepositoryFiles) -> Iterator[Finding]:
    """The finding for it; empty for repositories of another origin."""
    if files.is_file(ANSWERS):
        return
    made = next((path for path in files.below("mesh/apps") if _is_generated(files, path)), None)
    if made is None:
        return
    # A cluster's own file never stands for the repository's.
    names = (path for path in files.paths if "/" not in path and "copier-answers" in path)
    other = next((path for path in names if not cluster_files([path]) and our_answers(files, path)), None)
    instead = f", but {other} does" if other else ""
    text = f"does not exist{instead}; `generate` and `update` need it, and {made} was generated with it"
    fix = f"rename it: git mv {other} {ANSWERS}" if other else "restore it from Git"
    yield Finding("layout/no-answers", Position(ANSWERS), text, fix)


def _is_generated(files: RepositoryFiles, path: str) -> bool:
    try:
        return generated_from(files.text(path)) is not None
    except YamlFault:
        return False
