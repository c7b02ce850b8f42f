"""Prepares an update: renders both versions and merges them, without changing the repository."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from meshwright.update.answers import FILE, SOURCE
from meshwright.update.carried import recorded_template
from meshwright.update.history import RenderedCommit, rendered_answers
from meshwright.update.merge import MergeRepository
from meshwright.update.merged import Merge
from meshwright.update.project import Project, open_project, with_answers
from meshwright.update.rendering import RenderedTree, Renderer
from meshwright.update.scopes import ANSWERS, answers_file_of, own_files_behind, scope_notes
from meshwright.update.step import Step, new_name
from meshwright.update.templaterepository import Template, is_same_source
from meshwright.update.upgradetarget import UpgradeTarget, choose
from meshwright.yaml import as_written


@dataclass(frozen=True)
class UpdateRequest:
    """``to`` is a revision of the template; None means the newest, or with ``answers`` the current one.

    ``cluster`` names the cluster whose answers file is updated, instead of ``answers_file``.
    """

    path: Path
    to: str | None = None
    answers: Mapping[str, Any] | None = None
    template: str | None = None
    answers_file: str = FILE
    cluster: str | None = None


def prepare(request: UpdateRequest, scratch: Path, renderer: Renderer) -> Merge:
    """Merge the requested version into the repository's committed files, in ``scratch``.

    An update of one cluster first raises the repository's own files if they are older than its new version.
    Raises MeshwrightError if that is impossible, also if the new version rejects an answer.
    """
    if request.cluster is not None:
        request = replace(request, answers_file=answers_file_of(request.path, request.cluster))
    project = open_project(request.path, request.answers_file)
    source = request.template or project.answers.source
    template = recorded_template(source, project.answers.commit, scratch, here=project.root)
    steps = with_repository(plan_step(request, project, template), request)
    rendered = renderer.render(
        template, request.answers_file, [job for step in steps for job in step.jobs(scratch)]
    )
    return merge_steps(steps, rendered, MergeRepository(project, scratch))


def plan_step(request: UpdateRequest, project: Project, template: Template) -> Step:
    """The step of the request's answers file. Raises MeshwrightError if it is impossible."""
    history = rendered_answers(project, request.answers_file)
    before = history.answers
    target = choose(template, project.answers, before, request.to, request.answers)
    notes = (
        *_source_notes(project, request, history),
        *_cluster_notes(before.given, target),
        *target.notes,
    )
    return Step(project, template, request.answers_file, before, replace(target, notes=notes))


def with_repository(step: Step, request: UpdateRequest) -> list[Step]:
    """``step``, after that of the repository's own files if they must be raised; otherwise with notes."""
    target = step.target
    if not own_files_behind(step.project, step.answers_file, step.template, step.before, target):
        notes = scope_notes(step.project, step.answers_file, step.template, target.new)
        return [replace(step, target=replace(target, notes=(*target.notes, *notes)))]
    first = plan_step(
        replace(request, to=target.new.name, answers=None, answers_file=ANSWERS),
        with_answers(step.project, ANSWERS),
        step.template,
    )
    return [replace(first, name="-repository"), step]


def merge_steps(
    steps: Sequence[Step], rendered: Sequence[RenderedTree], repository: MergeRepository
) -> Merge:
    """Merge the steps one after the other; the result is about the last one. Raises MeshwrightError."""
    *before, last = steps
    if not before:
        return last.merge(rendered, repository)
    first = before[0].merge(rendered[:2], repository)
    merge = last.merge(rendered[2:], repository, first.tree)
    return merge.after(first, tuple(_raised(first)))


def _raised(first: Merge) -> Iterator[str]:
    yield (
        f"the repository's own files are updated too, {first.old.name} -> {first.new.name}, "
        "because CI runs the Meshwright of their version"
    )
    for question, value in first.asked.items():
        yield f"{ANSWERS}: new question {question}: default {as_written(value)} used"
    for question, value in first.dropped.items():
        yield f"{ANSWERS}: question {question} is no longer asked: its answer {as_written(value)} is dropped"
    yield from (note for note in first.target.notes)


def _cluster_notes(before: Mapping[str, Any], target: UpgradeTarget) -> Iterator[str]:
    """What a new name of the cluster does on the running one."""
    if (names := new_name(before, target)) is None:
        return
    old, new = names
    if target.answers.get("engine") == "argocd":
        engine, apply = "Argo CD", f"kubectl apply -n argocd -f clusters/{new}/argocd/root.yaml"
    else:
        engine, apply = "Flux", f"kubectl apply -f clusters/{new}/flux-system/gotk-sync.yaml"
    yield (
        f"after the push, {engine} reports that clusters/{old} does not exist, and deletes nothing; then run "
        f"`{apply}`: all objects keep their names, so nothing is pruned, even if the preview lists it so"
    )


def _source_notes(project: Project, request: UpdateRequest, history: RenderedCommit) -> Iterator[str]:
    """Notes about the source of the template, because that source decides what is written."""
    recorded = project.answers.source
    if request.template and not is_same_source(request.template, recorded, here=project.root):
        yield f"rendered from {request.template}; {recorded} stays recorded"
    if history.source is not None:
        yield (
            f"{project.answers.place(SOURCE)}: the files were rendered from {history.source}; "
            f"{recorded} was recorded since; review that template before you accept the result"
        )
