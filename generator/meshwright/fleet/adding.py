"""Adds a cluster to a generated repository: from another cluster's version and answers, new paths only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from meshwright.apps.clusters import (
    ANSWERS,
    ClusterAnswers,
    answers_file,
    no_such_cluster,
    read_answers_files,
)
from meshwright.apps.names import LABEL
from meshwright.errors import MeshwrightError, together
from meshwright.fleet.changing import change, recorded_version
from meshwright.fleet.renovate import FILE as RENOVATE
from meshwright.fleet.renovate import with_rules
from meshwright.update.answers import as_recorded, given_in, source_as_written, with_source
from meshwright.update.carried import recorded_template
from meshwright.update.merged import Merge
from meshwright.update.project import Project, open_project
from meshwright.update.rendering import Job, Renderer
from meshwright.update.templaterepository import Template
from meshwright.update.upgradetarget import refuse_unknown

# 63 characters are a DNS label.
_LONGEST = 63
# What the repository's own files follow from, and so the only answers in .copier-answers.yml after the split.
_SHARED = ("apps", "engine", "git_url", "secrets")
# What cannot differ between clusters.
_FIXED = ("cluster_name", "engine", "git_url")
# Two clusters with the same value would undo each other's changes outside the repository.
_EXCLUSIVE = ("viz_host",)
# What describes one cluster among others: a copy would link the new cluster with itself.
_OWN = ("links", "link_gateway")


@dataclass(frozen=True)
class AddRequest:
    """``origin`` is the cluster whose version and answers are taken; ``answers`` are those that differ."""

    path: Path
    name: str
    origin: str | None
    answers: Mapping[str, str]
    template: str | None = None


def add(request: AddRequest, scratch: Path, renderer: Renderer) -> Merge:
    """The repository with the cluster, not yet written. Raises MeshwrightError if it cannot be added.

    With the second cluster the first one gets an answers file of its own (the split), in the same change.
    """
    every = read_answers_files(request.path)
    _refuse_name(request.name, every)
    origin = _origin(request, every)
    _refuse_answers(request, origin)
    project = open_project(request.path, origin.file)
    _refuse_existing(project, request.name)
    source = request.template or project.answers.source
    template = recorded_template(source, project.answers.commit, scratch, here=project.root)
    version = recorded_version(template, project.answers.commit, origin.file)
    refuse_unknown(version, template.questions(version), request.answers)
    taken = {key: value for key, value in project.answers.given.items() if key not in _OWN}
    answers = {**taken, **request.answers, "cluster_name": request.name}
    jobs = [Job(version, answers, scratch / "new", answers_file=answers_file(request.name))]
    if splits := every[0].cluster != "":
        jobs += _split(every[0], template, scratch)
    rendered = renderer.render(template, ANSWERS, jobs)
    if faults := [fault for side in rendered for fault in side.faults]:
        raise together(
            f"--answers {fault.question}: {fault.text}" if fault.question else fault.text for fault in faults
        )
    files: dict[str, bytes | Path] = {
        path.relative_to(scratch / "new").as_posix(): path
        for path in (scratch / "new").rglob("*")
        if not path.is_dir()
    }
    for job in jobs:
        files[job.answers_file] = _named(job.destination / job.answers_file, project.answers_text)
    written = _named(scratch / "new" / answers_file(request.name), project.answers_text)
    clusters = [*((every[0].cluster,) if splits else ()), request.name]
    notes = [*_renovate(project, clusters, files)]
    if splits:
        notes.append(
            f"{every[0].cluster} has answers of its own now, in {answers_file(every[0].cluster)}; "
            f"{ANSWERS} keeps those of the repository's own files"
        )
    return change(
        project,
        scratch,
        files,
        template=template,
        version=version,
        answers=answers,
        changed=as_recorded(request.answers, written.decode()),
        notes=tuple(notes),
    )


def _refuse_name(name: str, every: Sequence[ClusterAnswers]) -> None:
    if not LABEL.fullmatch(name) or len(name) > _LONGEST:
        raise MeshwrightError(
            f"{name}: name the cluster with 1 to {_LONGEST} of a-z, 0-9 and '-', such as production"
        )
    if any(item.cluster == name for item in every):
        raise MeshwrightError(f"{name}: choose another name: the repository has this cluster already")


def _origin(request: AddRequest, every: Sequence[ClusterAnswers]) -> ClusterAnswers:
    """The answers to start from; the repository's own if it has no cluster."""
    clusters = {item.cluster: item for item in every if item.cluster}
    if request.origin is not None:
        if request.origin not in clusters:
            raise no_such_cluster(f"--from {request.origin}", request.origin, clusters, request.path)
        return clusters[request.origin]
    if len(clusters) > 1:
        raise MeshwrightError(
            f"{request.name}: add --from NAME, the cluster to take version and answers from: "
            f"{', '.join(sorted(clusters))}"
        )
    return next(iter(clusters.values()), every[0])


def _refuse_answers(request: AddRequest, origin: ClusterAnswers) -> None:
    lines = [
        f"--answers {key}: leave it out: the name is the argument"
        if key == "cluster_name"
        else f"--answers {key}: leave it out: all clusters of a repository share it"
        for key in request.answers
        if key in _FIXED
    ]
    lines += [
        f"--answers {key}=: give {request.name} another one, or an empty one: {origin.cluster} has "
        f"'{origin.given[key]}', and two clusters cannot share it"
        for key in _EXCLUSIVE
        if origin.given.get(key) and request.answers.get(key, origin.given[key]) == origin.given[key]
    ]
    if lines:
        raise together(lines)


def _refuse_existing(project: Project, name: str) -> None:
    places = (f"platform/{name}/", f"clusters/{name}/", f"mesh/components/{name}/", f"mesh/apps/{name}/")
    for path in project.entries:
        if path.startswith(places) or path == answers_file(name):
            raise MeshwrightError(
                f"{project.root / path}: move it, or choose another name: "
                f"the files of cluster {name} go there"
            )


def _split(first: ClusterAnswers, template: Template, scratch: Path) -> list[Job]:
    """What writes the two answers files that the first cluster and the repository had in one."""
    version = recorded_version(template, str(first.given.get("_commit")), first.file)
    given = given_in(first.given)
    shared = {key: given[key] for key in _SHARED if key in given}
    return [
        Job(version, {**shared, "cluster_name": ""}, scratch / "repository", answers_file=ANSWERS),
        Job(version, given, scratch / "first", answers_file=answers_file(first.cluster)),
    ]


def _named(file: Path, ours: str) -> bytes:
    """An answers file with the source that the repository has recorded."""
    text = file.read_text(encoding="utf-8")
    written = source_as_written(ours)
    return (with_source(text, written) if written else text).encode()


def _renovate(project: Project, clusters: Sequence[str], files: dict[str, bytes | Path]) -> list[str]:
    if RENOVATE not in project.entries:
        return []
    text = (project.root / RENOVATE).read_text(encoding="utf-8")
    changed = with_rules(text, clusters)
    if changed is None:
        return [
            f"{RENOVATE}: not plain JSON; add a rule for each cluster by hand (Meshwright's docs/clusters.md)"
        ]
    if changed != text:
        files[RENOVATE] = changed.encode()
    return []
