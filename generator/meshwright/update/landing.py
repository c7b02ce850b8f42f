"""Brings a result into the work tree and the index: as a whole, or not at all."""

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
from meshwright.update.merge import Conflict, Workshop, index_lines
from meshwright.update.plan import INDEX, Plan, Refused, read_plan, write_plan
from meshwright.update.project import Project, TreeEntry, refuse_if_changed

if TYPE_CHECKING:
    from meshwright.programs import Process

Changes = Mapping[str, tuple[TreeEntry | None, TreeEntry | None]]


class Landing:
    """Opened before anything is prepared; whatever kills it, the checkout ends as before or complete.

    ``tree`` is None where there is no checkout, and nothing can land then; nor in a ``preview``, which
    finishes no interrupted update either.
    """

    def __init__(self, tree: WorkTree | None, scratch: Path, *, preview: bool = False) -> None:
        self.finished = False
        self._process: Process | None = None
        if tree is None:
            return
        git_dir = Path(tree.text("rev-parse", "--absolute-git-dir"))
        self._tree, self._place = tree, applier.Place(git_dir, tree.top)
        self._lock = os.open(git_dir, os.O_RDONLY)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            raise MeshwrightError(
                f"{git_dir}: another update is under way in this checkout; wait for it"
            ) from None
        try:
            self.finished = self._finish_interrupted(preview=preview)
        except BaseException:
            os.close(self._lock)
            raise
        from meshwright.programs import PIPE, python, start

        told = () if preview else (git_dir, tree.top)
        # The lock goes along: another update cannot begin before this process has ended too.
        self._process = start(
            python("meshwright.update.applier", scratch, *told),
            folder=scratch,
            environment=os.environ,
            stdin=PIPE,
            own_session=True,
            handles=(self._lock,),
        )

    def __enter__(self) -> Landing:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is None:
            return
        if self._process.returncode is None:
            # "done" with no plan there: nothing is carried out, and the scratch folder is the caller's.
            self._process.communicate(b"done\n")
        os.close(self._lock)

    def land(
        self,
        project: Project,
        workshop: Workshop,
        folder: Path,
        changes: Changes,
        conflicts: Sequence[Conflict],
    ) -> None:
        """Put the files of ``folder`` that ``changes`` names in place and stage them, conflicts as conflicts.

        Raises MeshwrightError, with everything as it was, when something is in the way.
        """
        _refuse_obstacles(project, folder, changes)
        workshop.give(_blobs(changes, conflicts))
        applier.clear(self._place)
        try:
            self._place.folder.mkdir()
        except OSError as error:
            # A link or a file of that name, or a git directory that cannot be written.
            raise MeshwrightError(f"{self._place.folder}: cannot be made: {error.strerror}") from None
        try:
            self._plan(project, folder, changes, conflicts)
        except OSError as error:
            applier.clear(self._place)
            raise MeshwrightError(f"{self._place.folder}: {error.strerror}; nothing was changed") from None
        except BaseException:
            applier.clear(self._place)
            raise
        assert self._process is not None
        said, _ = self._process.communicate(b"go\n")
        if said:
            raise MeshwrightError(printable(said.decode("utf-8", "replace").strip()))
        project.git.run("update-index", "-q", "--refresh")

    def _plan(self, project: Project, folder: Path, changes: Changes, conflicts: Sequence[Conflict]) -> None:
        place = self._place.folder
        written = [path for path, (_, after) in changes.items() if after and not after.is_submodule]
        for number, path in enumerate(written):
            shutil.copy2(folder / path, place / str(number), follow_symlinks=False)
        _write_index(project, self._place.index, place / INDEX, changes, conflicts)
        removed = [project.prefix + path for path, (_, after) in changes.items() if after is None]
        plan = Plan(project.head, tuple(removed), tuple(project.prefix + path for path in written))
        aside = write_plan(place, plan)
        # The last moment to step back: from the next line on the update is carried out.
        refuse_if_changed(project)
        aside.rename(self._place.plan)

    def _finish_interrupted(self, *, preview: bool) -> bool:
        """Carry out what a power cut interrupted; whether there was something."""
        if not os.path.lexists(self._place.folder):
            return False
        if not os.path.lexists(self._place.plan):
            if not preview:
                applier.clear(self._place)
            return False
        told = "an update was interrupted in this checkout"
        if preview:
            raise MeshwrightError(f"{told}: `meshwright update` without --preview finishes it first")
        try:
            plan = read_plan(self._place.folder, self._place.top)
            if plan.head != self._tree.commit("HEAD"):
                raise Refused(f"something was committed since; remove {self._place.folder}")
            with held():
                applier.carry_out(self._place, resumed=True)
        except (OSError, Refused) as error:
            raise MeshwrightError(f"{told} and cannot be finished: {printable(str(error))}") from None
        return True


def _blobs(changes: Changes, conflicts: Sequence[Conflict]) -> list[str]:
    entries = [after for _, after in changes.values() if after]
    entries += [entry for conflict in conflicts for entry in conflict.stages.values()]
    return [entry.blob for entry in entries if not entry.is_submodule]


def _write_index(
    project: Project, index: Path, copy: Path, changes: Changes, conflicts: Sequence[Conflict]
) -> None:
    shutil.copy2(index, copy)
    undecided = {conflict.path for conflict in conflicts}
    decided = {project.prefix + path: after for path, (_, after) in changes.items() if path not in undecided}
    given = index_lines(decided)
    for conflict in conflicts:
        path = project.prefix + conflict.path
        given += index_lines({path: None})
        for stage, entry in sorted(conflict.stages.items()):
            given += f"{entry.mode} {entry.blob} {stage}\t{path}\0".encode("utf-8", "surrogateescape")
    git = project.git.with_environment(GIT_INDEX_FILE=str(copy))
    git("update-index", "-z", "--index-info", given=given)


def _refuse_obstacles(project: Project, folder: Path, changes: Changes) -> None:
    """Raises MeshwrightError for each untracked file, or link, that stands where the update writes."""
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
                f"{target}: not tracked by git, and the new version brings a file of that name; move it away"
            )
        link = next((parent for parent in Path(path).parents if (project.root / parent).is_symlink()), None)
        if link is not None:
            lines.append(
                f"{project.root / link}: a symbolic link, and the new version writes below it; replace it"
            )
    if lines:
        raise together(lines)


def _makes_way(project: Project, target: Path, wanted: Path, changes: Changes) -> bool:
    """Whether what stands in the way is the same file, or a folder of which every file is deleted."""
    if target.is_symlink() or wanted.is_symlink():
        return False
    if target.is_dir():
        files = (path for path in target.rglob("*") if path.is_symlink() or not path.is_dir())
        names = (path.relative_to(project.root).as_posix() for path in files)
        return all(name in changes and changes[name][1] is None for name in names)
    return wanted.is_file() and target.read_bytes() == wanted.read_bytes()
