"""Changes of a repository's clusters as a merge, which generate and check complete."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from meshwright.errors import MeshwrightError
from meshwright.update.merge import MergeRepository
from meshwright.update.merged import Merge
from meshwright.update.project import Project, TreeEntry
from meshwright.update.templaterepository import Template, TemplateVersion
from meshwright.update.upgradetarget import UpgradeTarget


def change(
    project: Project,
    scratch: Path,
    files: Mapping[str, bytes | Path],
    *,
    removed: Iterable[str] = (),
    template: Template,
    version: TemplateVersion,
    answers: Mapping[str, Any],
    changed: Mapping[str, Any],
    notes: tuple[str, ...] = (),
) -> Merge:
    """The project's files with ``files`` (contents, or files to copy) written and ``removed`` paths removed.

    ``answers`` were rendered at ``version``; ``changed`` are those given to this run.
    """
    repository = MergeRepository(project, scratch)
    landing = scratch / "landing"
    landing.mkdir()
    for path, content in files.items():
        target = landing / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Path):
            shutil.copy2(content, target, follow_symlinks=False)
        else:
            target.write_bytes(content)
    entries: dict[str, TreeEntry | None] = dict.fromkeys(removed)
    entries.update(repository.entries(repository.tree_of_folder(landing)))
    return Merge(
        project=project,
        template=template,
        repository=repository,
        target=UpgradeTarget(version, version, answers, changed),
        tree=repository.tree_with(project.tree, entries),
        conflicts=(),
        moved=(),
        gone=(),
        asked={},
        dropped={},
        notes=(*project.notes, *notes),
    )


def recorded_version(template: Template, commit: str, file: str) -> TemplateVersion:
    """The version that an answers file records. Raises MeshwrightError if the template has it no more."""
    version = template.resolve(commit)
    if version is None:
        raise MeshwrightError(
            f"{file}: the template {template.source} has no {commit}: "
            "the tag may have been moved or deleted; pass a clone that has it with --template"
        )
    return version
