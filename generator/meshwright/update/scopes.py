"""Several answers files in one repository: which one an update uses, and which others are behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from meshwright.apps.clusters import ANSWERS, ClusterAnswers, no_such_cluster, read_answers_files
from meshwright.errors import MeshwrightError
from meshwright.update.answers import SOURCE, Answers
from meshwright.update.project import Project
from meshwright.update.templaterepository import Template, TemplateVersion, is_same_source
from meshwright.update.upgradetarget import UpgradeTarget

__all__ = ["ANSWERS", "answers_file_of", "own_files_behind", "scope_notes"]


def answers_file_of(path: Path, cluster: str) -> str:
    """The answers file of a cluster. Raises MeshwrightError if the repository has no such cluster."""
    found = {item.cluster: item.file for item in read_answers_files(path) if item.cluster}
    if cluster not in found:
        raise no_such_cluster(f"--cluster {cluster}", cluster, found, path)
    return found[cluster]


def scope_notes(
    project: Project, answers_file: str, template: Template, new: TemplateVersion
) -> Iterator[str]:
    """Which other answers files are older than the version that this update writes."""
    try:
        every = read_answers_files(project.root)
    except MeshwrightError:
        # Another template, or answers that a check reports.
        return
    if answers_file == ANSWERS:
        for item in every[1:]:
            if version := _older(item, template, new):
                yield (
                    f"cluster {item.cluster} is at {version}: "
                    f"meshwright update --cluster {item.cluster} updates it"
                )
    elif version := _older(every[0], template, new):
        with_cluster = f", which updates cluster {every[0].cluster} too" if every[0].cluster else ""
        yield (
            f"the repository's own files are at {version}: run meshwright update --to {new.name} too"
            f"{with_cluster}, because CI runs the Meshwright of their version"
        )


def own_files_behind(
    project: Project, answers_file: str, template: Template, before: Answers, target: UpgradeTarget
) -> bool:
    """Whether an update of a cluster must first raise the repository's own files.

    Not if they have a cluster in the same answers file, which would be updated too: scope_notes says so.
    """
    if answers_file == ANSWERS or target.old.commit == target.new.commit:
        return False
    try:
        own = read_answers_files(project.root)[0]
    except MeshwrightError:
        return False
    source = str(own.given.get(SOURCE))
    if own.cluster or not is_same_source(source, before.source, here=project.root):
        return False
    return bool(_older(own, template, target.new))


def _older(item: ClusterAnswers, template: Template, new: TemplateVersion) -> str:
    """The version of an answers file, if it is older than ``new``."""
    recorded = str(item.given.get("_commit", ""))
    version = template.resolve(recorded) if recorded else None
    if version is None or version.commit == new.commit:
        return ""
    if version.version is not None and new.version is not None:
        return recorded if version.version < new.version else ""
    older = not template.git.run("merge-base", "--is-ancestor", version.commit, new.commit).status
    return recorded if older else ""
