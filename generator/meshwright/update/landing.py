"""Brings a result into the work tree and the index: as a whole, or not at all."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from meshwright.errors import MeshwrightError, together
from meshwright.update import applier
from meshwright.update.gitwork import Git
from meshwright.update.merge import Conflict, Workshop, index_lines
from meshwright.update.project import Entry, Project, refuse_if_changed

Changes = Mapping[str, tuple[Entry | None, Entry | None]]


class Landing:
    """Opened before anything is prepared; whatever kills it, the checkout ends as before or complete.

    ``git_dir`` is None where there is no checkout, and nothing can land then.
    """

    def __init__(self, git_dir: Path | None, scratch: Path) -> None:
        self.finished = False
        self._process: subprocess.Popen[bytes] | None = None
        if git_dir is None:
            return
        self._git_dir = git_dir
        self._lock = os.open(git_dir, os.O_RDONLY)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            raise MeshwrightError(
                f"{git_dir}: another update is under way in this checkout; wait for it"
            ) from None
        self.finished = self._finish_interrupted()
        # The lock goes along: another update cannot begin before this process has ended too.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "meshwright.update.applier", str(git_dir), str(scratch)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            pass_fds=(self._lock,),
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
        place = self._git_dir / applier.FOLDER
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        try:
            self._plan(project, folder, changes, conflicts, place)
        except BaseException:
            shutil.rmtree(place, ignore_errors=True)
            raise
        assert self._process is not None
        said, _ = self._process.communicate(b"go\n")
        if said:
            raise MeshwrightError(said.decode("utf-8", "replace").strip())
        Git(project.top).run("update-index", "-q", "--refresh")

    def _plan(
        self, project: Project, folder: Path, changes: Changes, conflicts: Sequence[Conflict], place: Path
    ) -> None:
        written = [path for path, (_, after) in changes.items() if after and not after.is_submodule]
        for number, path in enumerate(written):
            shutil.copy2(folder / path, place / str(number), follow_symlinks=False)
        index = Path(project.git("rev-parse", "--path-format=absolute", "--git-path", "index"))
        _write_index(project, index, place / applier.INDEX, changes, conflicts)
        plan = {
            "top": str(project.top),
            "index": str(index),
            "removed": [project.prefix + path for path, (_, after) in changes.items() if after is None],
            "written": [project.prefix + path for path in written],
        }
        aside = place / f"{applier.PLAN}.new"
        aside.write_text(json.dumps(plan), encoding="utf-8")
        # The last moment to step back: from the next line on the update is carried out.
        refuse_if_changed(project)
        aside.rename(place / applier.PLAN)

    def _finish_interrupted(self) -> bool:
        """Carry out what a power cut interrupted; whether there was something."""
        place = self._git_dir / applier.FOLDER
        if not place.exists():
            return False
        if not (place / applier.PLAN).exists():
            shutil.rmtree(place, ignore_errors=True)
            return False
        try:
            applier.carry_out(self._git_dir)
        except (OSError, applier.Refused) as error:
            raise MeshwrightError(f"an update was interrupted and cannot be finished: {error}") from None
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
