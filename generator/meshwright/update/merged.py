"""The merged files of an update, before generate and check have run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from meshwright.update.merge import Conflict, MergeRepository
from meshwright.update.project import Project, TreeEntry
from meshwright.update.templaterepository import Template, TemplateVersion
from meshwright.update.upgradetarget import UpgradeTarget


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

    def after(self, first: Merge, notes: tuple[str, ...]) -> Merge:
        """This merge, made on the files of ``first``, with what ``first`` reports; ``notes`` come before."""
        return replace(
            self,
            conflicts=(*first.conflicts, *self.conflicts),
            moved=(*first.moved, *self.moved),
            gone=(*first.gone, *self.gone),
            notes=(*notes, *self.notes),
        )


def entry_changes(merge: Merge, tree: str) -> dict[str, tuple[TreeEntry | None, TreeEntry | None]]:
    """The differences between the committed files and ``tree``, by path: before and after."""
    before, after = merge.project.entries, merge.repository.entries(tree)
    return {
        path: (before.get(path), after.get(path))
        for path in sorted({*before, *after})
        if before.get(path) != after.get(path)
    }
