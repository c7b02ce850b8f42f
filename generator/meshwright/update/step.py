"""One answers file's step to another version of the template: what is rendered for it, and its merge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from meshwright.errors import together
from meshwright.update.answers import Answers, as_recorded, given_in, source_as_written, with_source
from meshwright.update.merge import Conflict, MergeRepository
from meshwright.update.merged import Merge
from meshwright.update.ownership import Sides, candidates, is_generated, keep_ours
from meshwright.update.project import Project, TreeEntry
from meshwright.update.renames import by_content, by_folder
from meshwright.update.rendering import Job, RenderedTree
from meshwright.update.templaterepository import Template
from meshwright.update.upgradetarget import UpgradeTarget
from meshwright.yaml import as_written
from meshwright.yaml.yaml11 import load_yaml11

_OURS = "yours"


@dataclass(frozen=True)
class Step:
    """``before`` are the answers that the files were rendered with; ``project`` has those recorded.

    ``name`` is part of the scratch folders' names, for one of several steps of a run.
    """

    project: Project
    template: Template
    answers_file: str
    before: Answers
    target: UpgradeTarget
    name: str = ""

    def jobs(self, scratch: Path) -> list[Job]:
        """What to render: the old version and the new one."""
        paths = sorted(self.project.entries)
        old, new = (scratch / f"{side}{self.name}" for side in ("old", "new"))
        return [
            Job(self.target.old, self.before.given, old, answers_file=self.answers_file),
            Job(self.target.new, self.target.answers, new, paths, self.answers_file),
        ]

    def merge(
        self, rendered: Sequence[RenderedTree], repository: MergeRepository, ours: str | None = None
    ) -> Merge:
        """Merge what ``jobs`` rendered into ``ours``, a tree; by default the project's.

        Raises MeshwrightError if a version rejects an answer.
        """
        _refuse_faults(self.project, self.before, self.target, rendered)
        for side in rendered:
            _name_source(side.folder / self.answers_file, self.project.answers_text)
        tree = ours or self.project.tree
        entries = repository.entries(tree) if ours else self.project.entries
        return _merge(self, repository, rendered, tree, entries)


def _merge(
    step: Step,
    repository: MergeRepository,
    rendered: Sequence[RenderedTree],
    tree: str,
    entries: Mapping[str, TreeEntry],
) -> Merge:
    project, target, answers_file = step.project, step.target, step.answers_file
    old, new = (repository.tree_of_folder(side.folder) for side in rendered)
    sides = Sides(repository.entries(old), entries, repository.entries(new))
    base, theirs = keep_ours(sides, rendered[1].kept, _derived(repository, sides))
    # Only Copier writes the answers file: manual edits have been read as answers.
    written = sides.theirs.get(answers_file)
    base[answers_file] = entries[answers_file]
    theirs[answers_file] = written or entries[answers_file]
    old, new = repository.tree_with(old, base), repository.tree_with(new, theirs)
    moves = _moves(repository, old, new, entries)
    merged = repository.merge(
        _with_moves(repository, old, moves),
        _with_moves(repository, tree, moves),
        new,
        (_OURS, f"template-{target.new.name}"),
    )
    left = _overlays_left(entries, repository, step.before.given, target)
    gone = tuple(
        item.path for item in merged.conflicts if set(item.stages) in ({3}, {1, 3}) and _is_deletion(item)
    )
    return Merge(
        project=project,
        template=step.template,
        repository=repository,
        target=replace(target, changed=_recorded(target, rendered[1].folder / answers_file)),
        tree=repository.tree_with(merged.tree, dict.fromkeys((*gone, *left))),
        conflicts=tuple(_explained(item, target) for item in merged.conflicts if item.path not in gone),
        moved=merged.moved,
        gone=gone,
        **_questions(project, rendered[1].folder / answers_file),
        notes=(*project.notes, *target.notes),
    )


def _moves(repository: MergeRepository, old: str, new: str, ours: Mapping[str, TreeEntry]) -> dict[str, str]:
    """Files that moved with their folder and were rewritten, by their new path: git would not pair them."""
    before, after = repository.entries(old), repository.entries(new)
    gone = {path: entry for path, entry in before.items() if path not in after}
    added = {path: entry for path, entry in after.items() if path not in before}
    found = by_folder(by_content(repository, gone, added), gone.keys(), added.keys())
    return {to: path for to, path in found.items() if path in ours and to not in ours}


def _with_moves(repository: MergeRepository, tree: str, moves: Mapping[str, str]) -> str:
    entries = repository.entries(tree) if moves else {}
    to_new: dict[str, TreeEntry | None] = {new: entries[old] for new, old in moves.items()}
    return repository.tree_with(tree, {**dict.fromkeys(moves.values()), **to_new})


def _overlays_left(
    entries: Mapping[str, TreeEntry],
    repository: MergeRepository,
    before: Mapping[str, Any],
    target: UpgradeTarget,
) -> list[str]:
    """Generated files below the old name of a cluster: generate writes them below the new one."""
    if (names := new_name(before, target)) is None:
        return []
    folder = f"mesh/apps/{names[0]}/"
    return _generated(repository, {path: it for path, it in entries.items() if path.startswith(folder)})


def new_name(before: Mapping[str, Any], target: UpgradeTarget) -> tuple[str, str] | None:
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
    project: Project, before: Answers, target: UpgradeTarget, rendered: Sequence[RenderedTree]
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
                    f"{as_written(project.answers.given.get(fault.question))}: {fault.text}; "
                    f"pass another one with --answers {fault.question}=..."
                )
    if lines:
        raise together(lines)


def _name_source(file: Path, ours: str) -> None:
    """Replace the path of the rendered copy with the source recorded in the user's file."""
    written = source_as_written(ours)
    if written and file.is_file():
        file.write_text(with_source(file.read_text(encoding="utf-8"), written), encoding="utf-8", newline="")


def _recorded(target: UpgradeTarget, file: Path) -> Mapping[str, Any]:
    """The answers passed to this run, with the types that Copier gave them."""
    return as_recorded(target.changed, file.read_text(encoding="utf-8")) if file.is_file() else target.changed


def _questions(project: Project, file: Path) -> dict[str, dict[str, Any]]:
    data = load_yaml11(file.read_text(encoding="utf-8"), file.name) if file.is_file() else {}
    now = given_in(data)
    stored = project.answers.given
    return {
        "asked": {key: value for key, value in now.items() if key not in stored},
        "dropped": {key: value for key, value in stored.items() if key not in now},
    }
