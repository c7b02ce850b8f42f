"""Compares what two clusters of a repository render, beside what their answers explain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from meshwright.apps.clusters import ANSWERS, no_such_cluster, read_answers_files
from meshwright.difference.comparison import compare
from meshwright.difference.model import Difference
from meshwright.errors import MeshwrightError
from meshwright.fleet.changing import recorded_version
from meshwright.fleet.pathmapping import PathMapping
from meshwright.update.answers import Answers
from meshwright.update.carried import recorded_template
from meshwright.update.history import rendered_answers
from meshwright.update.merge import MergeRepository
from meshwright.update.project import Project, TreeEntry, open_project, with_answers
from meshwright.update.rendering import Job, Renderer
from meshwright.yaml import as_written


def compare_clusters(
    path: Path, old: str, new: str, scratch: Path, renderer: Renderer, charts: Path | None = None
) -> Difference:
    """What ``new`` renders otherwise than ``old`` would with the answers of ``new``.

    Both are clusters of the last commit at ``path``. The paths of ``old`` are shown as those of ``new``.
    Raises MeshwrightError if a cluster does not exist, or there are uncommitted changes.
    """
    files = {item.cluster: item.file for item in read_answers_files(path) if item.cluster}
    for name in (old, new):
        if name not in files:
            raise no_such_cluster(name, name, files, path)
    if old == new:
        raise MeshwrightError(f"{old}: name two clusters")
    project = open_project(path, files[old])
    other = with_answers(project, files[new])
    repository = MergeRepository(project, scratch)
    mapping = PathMapping(old, new, _places, repository, scratch)
    theirs = mapping.entries("theirs", project.entries)
    explained, notes = _explained(project, other, files, theirs, mapping, repository, scratch, renderer)
    shared = dict(_shared(project, files))
    own = {each: entry for each, entry in project.entries.items() if each.startswith(tuple(_places(new)))}
    for name, side in (("old", explained), ("new", own)):
        repository.check_out(repository.tree_of({**shared, **side}), scratch / f"side-{name}")
    difference = compare(scratch / "side-old", scratch / "side-new", checkout=project.root, charts=charts)
    return replace(difference, notes=(*_answers(project.answers, other.answers, old, new), *notes))


def _places(cluster: str) -> Iterator[str]:
    for folder in ("platform", "clusters", "mesh/components", "mesh/apps"):
        yield f"{folder}/{cluster}/"


def _shared(project: Project, files: dict[str, str]) -> Iterator[tuple[str, TreeEntry]]:
    places = tuple(place for cluster in files for place in _places(cluster))
    for path, entry in project.entries.items():
        if not path.startswith(places) and (path == ANSWERS or path not in files.values()):
            yield path, entry


def _explained(
    project: Project,
    other: Project,
    files: dict[str, str],
    theirs: dict[str, TreeEntry],
    mapping: PathMapping,
    repository: MergeRepository,
    scratch: Path,
    renderer: Renderer,
) -> tuple[dict[str, TreeEntry], tuple[str, ...]]:
    """The files of the first cluster as they would be with the answers of the second one."""
    old, new = (str(item.answers.given["cluster_name"]) for item in (project, other))
    before = rendered_answers(project, files[old]).answers
    try:
        known = project.answers
        template = recorded_template(known.source, known.commit, scratch, here=project.root)
        version = recorded_version(template, before.commit, files[old])
    except MeshwrightError as error:
        return theirs, (f"differences that the answers explain are listed too: {error}",)
    answers = {**before.given, **rendered_answers(other, files[new]).answers.given}
    jobs = [
        Job(version, before.given, scratch / "before", answers_file=files[old]),
        Job(version, answers, scratch / "after", answers_file=files[new]),
    ]
    rendered = renderer.render(template, files[new], jobs)
    if faults := [fault.text for side in rendered for fault in side.faults]:
        return theirs, (f"differences that the answers explain are listed too: {faults[0]}",)
    base = mapping.entries("base", repository.entries(repository.tree_of_folder(scratch / "before")))
    after = repository.entries(repository.tree_of_folder(scratch / "after"))
    ours = {path: entry for path, entry in after.items() if path.startswith(tuple(_places(new)))}
    # A file without edits is rendered; the others are merged, and stay as they are in a conflict.
    edited = {path for path in {*base, *theirs} if base.get(path) != theirs.get(path)}
    sides = [
        repository.tree_of({path: side[path] for path in edited if path in side})
        for side in (base, ours, theirs)
    ]
    merged = repository.merge(sides[0], sides[1], sides[2], (new, old))
    result = {path: entry for path, entry in ours.items() if path not in edited}
    result.update(repository.entries(merged.tree))
    for conflict in merged.conflicts:
        result.pop(conflict.path, None)
        if conflict.path in theirs:
            result[conflict.path] = theirs[conflict.path]
    return result, ()


def _answers(one: Answers, other: Answers, old: str, new: str) -> Iterator[str]:
    if one.commit != other.commit:
        yield f"version: {one.commit} on {old}, {other.commit} on {new}"
    for key in sorted({*one.given, *other.given} - {"cluster_name"}):
        values = [as_written(item.given[key]) if key in item.given else "none" for item in (one, other)]
        if values[0] != values[1]:
            yield f"answer {key}: {values[0]} on {old}, {values[1]} on {new}"
