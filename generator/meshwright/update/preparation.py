"""Prepares an update: renders both versions and merges them, without changing the repository."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from meshwright.errors import together
from meshwright.update.answers import FILE, SOURCE, Answers, given_in, source_as_written, with_source
from meshwright.update.history import RenderedCommit, rendered_answers
from meshwright.update.merge import Conflict, MergeRepository
from meshwright.update.ownership import Sides, candidates, is_generated, keep_ours
from meshwright.update.project import Project, TreeEntry, open_project
from meshwright.update.rendering import Job, RenderedTree, Renderer
from meshwright.update.scopes import answers_file_of, scope_notes
from meshwright.update.templaterepository import Template, TemplateVersion, fetch_template, is_same_source
from meshwright.update.upgradetarget import UpgradeTarget, choose

_OURS = "yours"


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


@dataclass(frozen=True)
class Merge:
    """The merged files, before generate and check have run.

    ``tree`` is in ``repository`` and contains markers if there are ``conflicts``. ``moved`` are the user's
    files that follow a renamed folder; ``gone`` are files that the user deleted and the template changed;
    ``asked`` are new questions, ``dropped`` are removed ones.
    """

    project: Project
    template: Template
    repository: MergeRepository
    target: UpgradeTarget
    tree: str
    conflicts: tuple[Conflict, ...]
    moved: tuple[tuple[str, str], ...]
    gone: tuple[str, ...]
    asked: Mapping[str, Any]
    dropped: Mapping[str, Any]
    notes: tuple[str, ...]

    @property
    def old(self) -> TemplateVersion:
        """The version that the files were rendered from."""
        return self.target.old

    @property
    def new(self) -> TemplateVersion:
        """The version that they are updated to."""
        return self.target.new


def prepare(request: UpdateRequest, scratch: Path, renderer: Renderer) -> Merge:
    """Merge the requested version into the repository's committed files, in ``scratch``.

    Raises MeshwrightError if that is impossible, also if the new version rejects an answer.
    """
    if request.cluster is not None:
        request = replace(request, answers_file=answers_file_of(request.path, request.cluster))
    project = open_project(request.path, request.answers_file)
    template = fetch_template(request.template or project.answers.source, scratch, here=project.root)
    history = rendered_answers(project, request.answers_file)
    before = history.answers
    target = choose(template, project.answers, before, request.to, request.answers)
    notes = (
        *_source_notes(project, request, history),
        *_cluster_notes(before.given, target),
        *target.notes,
        *scope_notes(project, request.answers_file, template, target.new),
    )
    target = replace(target, notes=notes)
    repository = MergeRepository(project, scratch)
    rendered = renderer.render(
        template,
        request.answers_file,
        [
            Job(target.old, before.given, scratch / "old"),
            Job(target.new, target.answers, scratch / "new", sorted(project.entries)),
        ],
    )
    _refuse_faults(project, before, target, rendered)
    for side in rendered:
        _name_source(side.folder / request.answers_file, project.answers_text)
    left = _overlays_left(project, repository, before.given, target)
    return _merge(project, template, repository, target, rendered, request.answers_file, left)


def _merge(
    project: Project,
    template: Template,
    repository: MergeRepository,
    target: UpgradeTarget,
    rendered: list[RenderedTree],
    answers_file: str,
    left: list[str],
) -> Merge:
    old, new = (repository.tree_of_folder(side.folder) for side in rendered)
    sides = Sides(repository.entries(old), project.entries, repository.entries(new))
    base, theirs = keep_ours(sides, rendered[1].kept, _derived(repository, sides))
    # Only Copier writes the answers file: manual edits have been read as answers.
    written = sides.theirs.get(answers_file)
    base[answers_file] = project.entries[answers_file]
    theirs[answers_file] = written or project.entries[answers_file]
    merged = repository.merge(
        repository.tree_with(old, base),
        project.tree,
        repository.tree_with(new, theirs),
        (_OURS, f"template-{target.new.name}"),
    )
    gone = tuple(
        item.path for item in merged.conflicts if set(item.stages) in ({3}, {1, 3}) and _is_deletion(item)
    )
    return Merge(
        project=project,
        template=template,
        repository=repository,
        target=target,
        tree=repository.tree_with(merged.tree, dict.fromkeys((*gone, *left))),
        conflicts=tuple(_explained(item, target) for item in merged.conflicts if item.path not in gone),
        moved=merged.moved,
        gone=gone,
        **_questions(project, rendered[1].folder / answers_file),
        notes=(*project.notes, *target.notes),
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


def _cluster_notes(before: Mapping[str, Any], target: UpgradeTarget) -> Iterator[str]:
    """What a new name of the cluster does on the running one."""
    if (names := _new_name(before, target)) is None:
        return
    old, new = names
    if target.answers.get("engine") == "argocd":
        engine, apply = "Argo CD", f"kubectl apply -n argocd -f clusters/{new}/argocd/root.yaml"
    else:
        engine, apply = "Flux", f"kubectl apply -f clusters/{new}/flux-system/gotk-sync.yaml"
    yield (
        f"after the push, {engine} reports that clusters/{old} does not exist, and deletes nothing; then run "
        f"`{apply}`: all objects keep their names, so nothing is pruned, whatever a preview lists as removed"
    )


def _overlays_left(
    project: Project, repository: MergeRepository, before: Mapping[str, Any], target: UpgradeTarget
) -> list[str]:
    """Generated files below the old name of a cluster: generate writes them below the new one."""
    if (names := _new_name(before, target)) is None:
        return []
    folder = f"mesh/apps/{names[0]}/"
    return _generated(
        repository, {path: it for path, it in project.entries.items() if path.startswith(folder)}
    )


def _new_name(before: Mapping[str, Any], target: UpgradeTarget) -> tuple[str, str] | None:
    """The old and the new name of the cluster; None if it keeps its name."""
    old, new = before.get("cluster_name"), target.answers.get("cluster_name")
    return (old, new) if old and new and old != new else None


def _is_deletion(conflict: Conflict) -> bool:
    return any(word in conflict.kind for word in ("modify/delete", "rename/delete"))


def _derived(repository: MergeRepository, sides: Sides) -> list[str]:
    ours, theirs, base = sides.ours, sides.theirs, sides.base
    entries = {path: ours.get(path) or theirs.get(path) or base[path] for path in candidates(sides)}
    return _generated(repository, entries)


def _generated(repository: MergeRepository, entries: Mapping[str, TreeEntry]) -> list[str]:
    """The paths of files that the generator wrote, edited or not."""
    files = [(path, entry.blob) for path, entry in entries.items() if entry.mode[:3] == "100"]
    contents = repository.contents([blob for _, blob in files])
    return [path for (path, _), content in zip(files, contents, strict=True) if is_generated(content)]


def _explained(conflict: Conflict, target: UpgradeTarget) -> Conflict:
    """The conflict with a reason that mentions both sides."""
    version = target.new.name
    reasons = {
        frozenset({1, 2, 3}): f"you and {version} changed the same lines",
        frozenset({2, 3}): f"you and {version} both added it with different content",
        frozenset({1, 2}): f"{version} deletes it, but you changed it since {target.old.name}",
    }
    if "binary" in conflict.kind:
        return replace(conflict, reason=f"you and {version} both changed a binary file")
    usual = any(word in conflict.kind for word in ("contents", "add/add", "modify/delete"))
    reason = reasons.get(frozenset(conflict.stages)) if usual else None
    return replace(conflict, reason=reason or conflict.reason)


def _refuse_faults(
    project: Project, before: Answers, target: UpgradeTarget, rendered: list[RenderedTree]
) -> None:
    lines = []
    for version, side in ((target.old, rendered[0]), (target.new, rendered[1])):
        for fault in side.faults:
            if not fault.question:
                lines.append(f"the template's version {version.name} cannot be rendered: {fault.text}")
            elif side is rendered[0]:
                lines.append(
                    f"{before.place(fault.question)}: {version.name} never accepted this answer: {fault.text}"
                )
            elif fault.question in target.changed:
                lines.append(f"--answers {fault.question}: {version.name} rejects it: {fault.text}")
            else:
                lines.append(
                    f"{project.answers.place(fault.question)}: {version.name} rejects the stored answer "
                    f"{project.answers.given.get(fault.question)!r}: {fault.text}; "
                    f"pass another one with --answers {fault.question}=..."
                )
    if lines:
        raise together(lines)


def _name_source(file: Path, ours: str) -> None:
    """Replace the path of the rendered copy with the source recorded in the user's file."""
    written = source_as_written(ours)
    if written and file.is_file():
        file.write_text(with_source(file.read_text(encoding="utf-8"), written), encoding="utf-8", newline="")


def _questions(project: Project, file: Path) -> dict[str, dict[str, Any]]:
    data = yaml.safe_load(file.read_text(encoding="utf-8")) if file.is_file() else {}
    now = given_in(data)
    stored = project.answers.given
    return {
        "asked": {key: value for key, value in now.items() if key not in stored},
        "dropped": {key: value for key, value in stored.items() if key not in now},
    }


def entry_changes(merge: Merge, tree: str) -> dict[str, tuple[TreeEntry | None, TreeEntry | None]]:
    """The differences between the committed files and ``tree``, by path: before and after."""
    before, after = merge.project.entries, merge.repository.entries(tree)
    return {
        path: (before.get(path), after.get(path))
        for path in sorted({*before, *after})
        if before.get(path) != after.get(path)
    }
