"""The process that applies a prepared update; it survives if the command is killed.

The update is prepared in ``meshwright-update/`` of the Git directory. Without a plan.json there nothing has
begun, and the folder is removed when the command ends. Once plan.json exists, the update is applied by this
process or, after a power failure, by the next run. The module imports little more than the standard library,
because the process starts with every update.
"""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from meshwright.git.paths import parents
from meshwright.update.plan import FOLDER, INDEX, PLAN, Refused, read_plan


@dataclass(frozen=True)
class CheckoutPaths:
    """The paths that an update writes to, as git reports them: Git directory and top folder."""

    git_dir: Path
    top: Path

    @property
    def folder(self) -> Path:
        """The folder in which the update is prepared."""
        return self.git_dir / FOLDER

    @property
    def plan(self) -> Path:
        """The file whose existence means that the update must be applied."""
        return self.folder / PLAN

    @property
    def index(self) -> Path:
        """The index of the checkout, also of a linked work tree."""
        return self.git_dir / "index"


def main() -> None:
    """Wait for the command to end or to write a line; arguments: scratch folder, Git directory, top folder.

    Without the last two (a preview) nothing is applied.
    """
    scratch, *checkout = map(Path, sys.argv[1:])
    paths = CheckoutPaths(*checkout) if checkout else None
    line = sys.stdin.readline().strip()
    try:
        if paths and paths.plan.exists():
            apply_plan(paths)
    except (OSError, Refused) as error:
        sys.stdout.write(f"{error}\n")
    finally:
        if paths and not paths.plan.exists():
            clear(paths)
        if not line:
            # The command was killed and cannot remove its scratch folder.
            shutil.rmtree(scratch, ignore_errors=True)


def apply_plan(paths: CheckoutPaths, *, resumed: bool = False) -> None:
    """Apply the plan; steps that were done before an interruption are not repeated.

    Raises Refused if Meshwright did not write the plan or another git process holds the index; then the plan
    is removed unless ``resumed``. Raises OSError if a file cannot be written; the plan stays.
    """
    plan = read_plan(paths.folder, paths.top)
    staged, lock = paths.folder / INDEX, paths.index.with_name(f"{paths.index.name}.lock")
    if staged.exists():
        if not _lock_index(lock, staged):
            if not resumed:
                paths.plan.unlink()
            raise Refused(f"{lock}: another git process is running in this checkout, or was killed there")
        for path in plan.removed:
            _remove_file(paths.top, path)
        for number, path in enumerate(plan.written):
            _write_file(paths.folder / str(number), paths.top / path)
        lock.replace(paths.index)
        # The new index is in place; removing this file records that all files are written.
        staged.unlink()
    paths.plan.unlink()
    clear(paths)


def clear(paths: CheckoutPaths) -> None:
    """Remove the prepared files without following links."""
    shutil.rmtree(paths.folder, ignore_errors=True)


def _lock_index(lock: Path, wanted: Path) -> bool:
    """Create git's index lock with the new index as its content; False if another process holds it."""
    whole = wanted.with_name("lock")
    with suppress(FileNotFoundError):
        whole.unlink()
    shutil.copyfile(wanted, whole)
    try:
        # A link is atomic: a partial lock would look like another process's.
        os.link(whole, lock)
    except FileExistsError:
        # Either our own lock from before an interruption, or another process's.
        return not lock.is_symlink() and lock.read_bytes() == wanted.read_bytes()
    except OSError:
        # A file system without hard links.
        return _create_lock(lock, wanted)
    finally:
        whole.unlink()
    return True


def _create_lock(lock: Path, wanted: Path) -> bool:
    content = wanted.read_bytes()
    try:
        handle = os.open(lock, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except FileExistsError:
        return not lock.is_symlink() and lock.read_bytes() == content
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    return True


def _remove_file(top: Path, path: str) -> None:
    with suppress(FileNotFoundError, NotADirectoryError):
        (top / path).unlink()
    for folder in parents(path):
        try:
            (top / folder).rmdir()
        except OSError:
            # The folder contains files of the user.
            break


def _write_file(staged: Path, target: Path) -> None:
    if not os.path.lexists(staged):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        staged.replace(target)
    except OSError as error:
        if error.errno != 18:  # EXDEV: the Git directory is on another file system
            raise
        temporary = target.with_name(f".{target.name}.meshwright")
        # It may exist after an interruption, or be a link that somebody placed there.
        with suppress(FileNotFoundError):
            temporary.unlink()
        shutil.copy2(staged, temporary, follow_symlinks=False)
        temporary.replace(target)
        staged.unlink()


if __name__ == "__main__":
    main()
