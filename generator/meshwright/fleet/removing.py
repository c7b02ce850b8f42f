"""Removes a cluster from a generated repository."""

from __future__ import annotations

from pathlib import Path

from meshwright.apps.clusters import ANSWERS, no_such_cluster, read_answers_files
from meshwright.errors import MeshwrightError
from meshwright.fleet.changing import change
from meshwright.fleet.renovate import FILE as RENOVATE
from meshwright.fleet.renovate import without_rule
from meshwright.update.merged import Merge
from meshwright.update.project import open_project
from meshwright.update.templaterepository import Template, TemplateVersion


def remove(path: Path, name: str, scratch: Path) -> Merge:
    """The repository without the cluster, not yet written. Raises MeshwrightError if it has no such one."""
    found = {item.cluster: item for item in read_answers_files(path) if item.cluster}
    if name not in found:
        raise no_such_cluster(name, name, found, path)
    file = found[name].file
    if file == ANSWERS:
        raise MeshwrightError(
            f"{name}: add another cluster first: this one shares {ANSWERS} with the repository's own files"
        )
    project = open_project(path, file)
    places = (f"platform/{name}/", f"clusters/{name}/", f"mesh/components/{name}/", f"mesh/apps/{name}/")
    removed = [each for each in project.entries if each.startswith(places) or each == file]
    files: dict[str, bytes | Path] = {}
    if RENOVATE in project.entries:
        text = (project.root / RENOVATE).read_text(encoding="utf-8")
        changed = without_rule(text, name)
        if changed is not None and changed != text:
            files[RENOVATE] = changed.encode()
    answers = project.answers
    return change(
        project,
        scratch,
        files,
        removed=removed,
        template=Template(answers.source, scratch),
        version=TemplateVersion(answers.commit, answers.commit, None),
        answers=answers.given,
        changed={},
        notes=(
            f"nothing is uninstalled from {name}: its engine reports that its paths are gone, "
            "and keeps what is running",
        ),
    )
