"""Promotes a cluster's version and its own edits to another cluster of the same repository.

Two merges: the template's step to the version of the first cluster, with the answers of the second one; then
what the first cluster's files have beside the template.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from meshwright.apps.clusters import ClusterAnswers, no_such_cluster, read_answers_files
from meshwright.errors import MeshwrightError
from meshwright.fleet.changing import recorded_version
from meshwright.fleet.edits import Edits, carry
from meshwright.fleet.promotions import Promoted, last_promotion
from meshwright.update.carried import recorded_template
from meshwright.update.history import rendered_answers
from meshwright.update.merge import Conflict, Merged, MergeRepository
from meshwright.update.merged import Merge
from meshwright.update.preparation import UpdateRequest, merge_steps, plan_step, with_repository
from meshwright.update.project import Project, open_project, with_answers
from meshwright.update.rendering import Job, RenderedTree, Renderer
from meshwright.update.templaterepository import Template, is_same_source
from meshwright.update.upgradetarget import is_older
from meshwright.yaml import as_written


@dataclass(frozen=True)
class PromoteRequest:
    """From cluster ``origin`` to ``cluster``; ``answers`` are of ``cluster``.

    ``only_template`` leaves out what the files of ``origin`` have beside the template.
    """

    path: Path
    origin: str
    cluster: str
    answers: Mapping[str, str]
    only_template: bool = False
    template: str | None = None


def promote(request: PromoteRequest, scratch: Path, renderer: Renderer) -> Merge:
    """The repository with the promotion, not yet written. Raises MeshwrightError if it is impossible."""
    files = _files(request)
    project = open_project(request.path, files[request.cluster])
    origin = with_answers(project, files[request.origin])
    _refuse_another_template(request, origin, project)
    source = request.template or project.answers.source
    template = recorded_template(source, project.answers.commit, scratch, here=project.root)
    before = rendered_answers(origin, files[request.origin]).answers
    version = recorded_version(template, before.commit, files[request.origin])
    _refuse_downgrade(request, template, project, version.commit)
    update = UpdateRequest(
        request.path, version.name, request.answers or None, request.template, files[request.cluster]
    )
    steps = with_repository(plan_step(update, project, template), update)
    promoted = None if request.only_template else last_promotion(origin, request.origin, request.cluster)
    jobs = [Job(version, before.given, scratch / "origin", answers_file=files[request.origin])]
    jobs += _promoted_job(promoted, template, scratch, files[request.origin])
    rendered = renderer.render(
        template, files[request.cluster], [*(job for step in steps for job in step.jobs(scratch)), *jobs]
    )
    count = 2 * len(steps)
    repository = MergeRepository(project, scratch)
    merge = merge_steps(steps, rendered[:count], repository)
    merge = replace(merge, notes=(*merge.notes, *_answer_notes(merge, request, origin)))
    if request.only_template:
        return merge
    if merge.conflicts:
        note = (
            f"the edits of {request.origin} are not merged yet: resolve these conflicts, then promote again"
        )
        return replace(merge, notes=(*merge.notes, note))
    _refuse_unrendered(request, rendered[count:])
    edits = Edits(
        origin=request.origin,
        cluster=request.cluster,
        pristine=scratch / "origin",
        promoted=promoted if len(jobs) > 1 else None,
        promoted_pristine=scratch / "promoted",
    )
    notes = () if promoted is None or len(jobs) > 1 else (_forgotten(request, promoted),)
    return _with_edits(merge, request, carry(edits, project, repository, scratch, merge.tree), notes)


def _files(request: PromoteRequest) -> dict[str, str]:
    found: dict[str, ClusterAnswers] = {
        item.cluster: item for item in read_answers_files(request.path) if item.cluster
    }
    for name in (request.origin, request.cluster):
        if name not in found:
            raise no_such_cluster(name, name, found, request.path)
    if request.origin == request.cluster:
        raise MeshwrightError(f"{request.cluster}: name two clusters: the first is promoted to the second")
    return {name: item.file for name, item in found.items()}


def _refuse_another_template(request: PromoteRequest, origin: Project, project: Project) -> None:
    one, other = origin.answers.source, project.answers.source
    if not is_same_source(one, other, here=project.root):
        raise MeshwrightError(
            f"{project.answers.place('_src_path')}: {request.cluster} is rendered from {other}, but "
            f"{request.origin} from {one}; a promotion needs one template"
        )


def _refuse_downgrade(request: PromoteRequest, template: Template, project: Project, commit: str) -> None:
    there = template.resolve(project.answers.commit)
    version = template.resolve(commit)
    if there and version and is_older(template, version, there):
        raise MeshwrightError(
            f"{request.origin} is at {version.name}, older than {there.name} of {request.cluster}: run "
            f"meshwright update --cluster {request.origin} --to {there.name} first"
        )


def _promoted_job(
    promoted: Promoted | None, template: Template, scratch: Path, answers_file: str
) -> list[Job]:
    """What renders the origin as it was at the last promotion; nothing if that is not known any more."""
    version = template.resolve(promoted.answers.commit) if promoted and promoted.answers else None
    if promoted is None or promoted.answers is None or version is None:
        return []
    return [Job(version, promoted.answers.given, scratch / "promoted", answers_file=answers_file)]


def _forgotten(request: PromoteRequest, promoted: Promoted) -> str:
    return (
        f"the last promotion, of {promoted.commit[:12]}, is not in this clone: "
        f"edits of {request.origin} that {request.cluster} has undone since come back"
    )


def _refuse_unrendered(request: PromoteRequest, rendered: list[RenderedTree]) -> None:
    for fault in (fault for side in rendered for fault in side.faults):
        about = f"answer {fault.question}: " if fault.question else ""
        raise MeshwrightError(f"{request.origin}: the files cannot be rendered again: {about}{fault.text}")


def _answer_notes(merge: Merge, request: PromoteRequest, origin: Project) -> Iterator[str]:
    """New questions that the origin has answered in another way."""
    for question, value in merge.asked.items():
        theirs = origin.answers.given.get(question, value)
        if theirs != value and question not in request.answers:
            yield (
                f"{request.origin} answers {question} with {as_written(theirs)}: "
                f"pass --answers {question}=... if {request.cluster} should too"
            )


def _with_edits(
    merge: Merge, request: PromoteRequest, carried: tuple[Merged, tuple[str, ...]], notes: tuple[str, ...]
) -> Merge:
    merged, left = carried
    return replace(
        merge,
        tree=merged.tree,
        conflicts=tuple(_explained(item, request) for item in merged.conflicts),
        moved=(*merge.moved, *merged.moved),
        notes=(*merge.notes, *notes, *left),
    )


def _explained(conflict: Conflict, request: PromoteRequest) -> Conflict:
    one, other = request.cluster, request.origin
    reasons = {
        frozenset({1, 2, 3}): f"{one} and {other} changed the same lines",
        frozenset({2, 3}): f"{one} and {other} both added it with different content",
        frozenset({1, 2}): f"{other} deletes it, but {one} changed it",
    }
    return replace(conflict, reason=reasons.get(frozenset(conflict.stages), conflict.reason))
