"""Writes an update into the work tree and the index, completely or not at all."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from meshwright.deadline import held
from meshwright.errors import MeshwrightError, together
from meshwright.git.worktree import WorkTree
from meshwright.inert import printable
from meshwright.update import applier
from meshwright.update.merge import Conflict, MergeRepository, index_lines
from meshwright.update.plan import INDEX, Plan, Refused, read_plan, write_plan
from meshwright.update.project import Project, TreeEntry, refuse_if_changed

if TYPE_CHECKING:
    from meshwright.programs import Process

Changes = Mapping[str, tuple[TreeEntry | None, TreeEntry | None]]


class Transaction:
    """Locks the checkout during an update; whatever kills it, the checkout is unchanged or complete.

    Nothing can be applied if ``tree`` is None (no checkout) or in a ``preview``, which does not complete an
    interrupted update either.
    """

    def __init__(self, tree: WorkTree | None, scratch: Path, *, preview: bool = False) -> None:
        self.finished = False
        self._process: Process | None = None
        if tree is None:
            return
        git_dir = Path(tree.text("rev-parse", "--absolute-git-dir"))
        self._tree, self._paths = tree, applier.CheckoutPaths(git_dir, tree.top)
        self._lock = os.open(git_dir, os.O_RDONLY)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            raise MeshwrightError(
                f"{git_dir}: another update is running in this checkout; wait until it ends"
            ) from None
        try:
            self.finished = self._finish_interrupted(preview=preview)
        except BaseException:
            os.close(self._lock)
            raise
        from meshwright.programs import PIPE, python, start

        checkout = () if preview else (git_dir, tree.top)
        # The process inherits the lock, so that another update cannot begin before it has ended.
        self._process = start(
            python("meshwright.update.applier", scratch, *checkout),
            folder=scratch,
            environment=os.environ,
            stdin=PIPE,
            own_session=True,
            handles=(self._lock,),
        )

    def __enter__(self) -> Transaction:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is None:
            return
        if self._process.returncode is None:
            # Without a plan nothing is applied; the line means that this process removes the scratch folder.
            self._process.communicate(b"done\n")
        os.close(self._lock)

    def apply(
        self,
        project: Project,
        repository: MergeRepository,
        folder: Path,
        changes: Changes,
        conflicts: Sequence[Conflict],
    ) -> None:
        """Write the changed files from ``folder`` and stage them, conflicts as unmerged entries.

        Raises MeshwrightError without having changed anything if something is in the way.
        """
        _refuse_obstacles(project, folder, changes)
        repository.copy_objects(_blobs(changes, conflicts))
        applier.clear(self._paths)
        try:
            self._paths.folder.mkdir()
        except OSError as error:
            # A link or file with that name exists, or the Git directory is not writable.
            raise MeshwrightError(f"{self._paths.folder}: cannot be created: {error.strerror}") from None
        try:
            self._plan(project, folder, changes, conflicts)
        except OSError as error:
            applier.clear(self._paths)
            raise MeshwrightError(f"{self._paths.folder}: {error.strerror}; nothing was changed") from None
        except BaseException:
            applier.clear(self._paths)
            raise
        assert self._process is not None
        failure, _ = self._process.communicate(b"go\n")
        if failure:
            raise MeshwrightError(printable(failure.decode("utf-8", "replace").strip()))
        # Killed between its writes, git would leave an index lock that stops every later git command.
        project.git.run("update-index", "-q", "--refresh", handles=(self._lock,))

    def _plan(self, project: Project, folder: Path, changes: Changes, conflicts: Sequence[Conflict]) -> None:
        place = self._paths.folder
        written = [path for path, (_, after) in changes.items() if after and not after.is_submodule]
        for number, path in enumerate(written):
            shutil.copy2(folder / path, place / str(number), follow_symlinks=False)
        _write_index(project, self._paths.index, place / INDEX, changes, conflicts)
        removed = [project.prefix + path for path, (_, after) in changes.items() if after is None]
        plan = Plan(project.head, tuple(removed), tuple(project.prefix + path for path in written))
        prepared = write_plan(place, plan)
        # Last check: once the plan has its name, the update is applied.
        refuse_if_changed(project)
        prepared.rename(self._paths.plan)

    def _finish_interrupted(self, *, preview: bool) -> bool:
        """Complete an update that a power failure interrupted; return whether there was one."""
        if not os.path.lexists(self._paths.folder):
            return False
        if not os.path.lexists(self._paths.plan):
            if not preview:
                applier.clear(self._paths)
            return False
        problem = "an update was interrupted in this checkout"
        if preview:
            raise MeshwrightError(f"{problem}; run `meshwright update` without --preview to complete it")
        try:
            plan = read_plan(self._paths.folder, self._paths.top)
            if plan.head != self._tree.commit("HEAD"):
                raise Refused(f"something was committed since; remove {self._paths.folder}")
            with held():
                applier.apply_plan(self._paths, resumed=True)
        except (OSError, Refused) as error:
            raise MeshwrightError(f"{problem} and cannot be completed: {printable(str(error))}") from None
        return True


def _blobs(changes: Changes, conflicts: Sequence[Conflict]) -> list[str]:
    entries = [after for _, after in changes.values() if after]
    entries += [entry for conflict in conflicts for entry in conflict.stages.values()]
    return [entry.blob for entry in entries if not entry.is_submodule]


def _write_index(
    project: Project, index: Path, copy: Path, changes: Changes, conflicts: Sequence[Conflict]
) -> None:
    shutil.copy2(index, copy)
    unmerged = {conflict.path for conflict in conflicts}
    merged = {project.prefix + path: after for path, (_, after) in changes.items() if path not in unmerged}
    given = index_lines(merged)
    for conflict in conflicts:
        path = project.prefix + conflict.path
        given += index_lines({path: None})
        for stage, entry in sorted(conflict.stages.items()):
            given += f"{entry.mode} {entry.blob} {stage}\t{path}\0".encode("utf-8", "surrogateescape")
    git = project.git.with_environment(GIT_INDEX_FILE=str(copy))
    git("update-index", "-z", "--index-info", given=given)


def _refuse_obstacles(project: Project, folder: Path, changes: Changes) -> None:
    """Raises MeshwrightError for untracked files and links where the update would write."""
    lines = []
    for path, (before, after) in changes.items():
        if after is None or after.is_submodule:
            continue
        target = project.root / path
        if (
            before is None
            and os.path.lexists(target)
            and not _makes_way(project, target, folder / path, changes)
        ):
            lines.append(
                f"{target}: move this file: it is not tracked by git, and the new version adds the same path"
            )
        link = next((parent for parent in Path(path).parents if (project.root / parent).is_symlink()), None)
        if link is not None:
            lines.append(
                f"{project.root / link}: replace this symbolic link: the new version writes files below it"
            )
    if lines:
        raise together(lines)


def _makes_way(project: Project, target: Path, wanted: Path, changes: Changes) -> bool:
    """Whether the existing file is identical, or the existing folder has only files that are deleted."""
    if target.is_symlink() or wanted.is_symlink():
        return False
    if target.is_dir():
        files = (path for path in target.rglob("*") if path.is_symlink() or not path.is_dir())
        names = (path.relative_to(project.root).as_posix() for path in files)
        return all(name in changes and changes[name][1] is None for name in names)
    return wanted.is_file() and target.read_bytes() == wanted.read_bytes()
