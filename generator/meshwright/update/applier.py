"""A process of its own that puts a prepared update in place; a kill of the command does not reach it.

What is to happen stands in ``meshwright-update/`` of the git directory. As long as there is no plan.json
nothing has begun, and everything is thrown away when the command ends; once it is there the update is
carried out, by this process or, after a power cut, by the next run. Little more than the standard library is
imported: it starts with the command.
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
class Place:
    """Where an update lands, as git tells it: the git directory, the checkout's files, its index."""

    git_dir: Path
    top: Path

    @property
    def folder(self) -> Path:
        """Where everything is made ready."""
        return self.git_dir / FOLDER

    @property
    def plan(self) -> Path:
        """The file whose presence means that the update is to be carried out."""
        return self.folder / PLAN

    @property
    def index(self) -> Path:
        """The index of the checkout, a linked one's too."""
        return self.git_dir / "index"


def main() -> None:
    """Wait for the command to end or to say "go"; arguments: the scratch folder, the git directory, the top.

    Without the last two nothing is carried out: a preview.
    """
    scratch, *told = map(Path, sys.argv[1:])
    place = Place(*told) if told else None
    said = sys.stdin.readline().strip()
    try:
        if place and place.plan.exists():
            carry_out(place)
    except (OSError, Refused) as error:
        sys.stdout.write(f"{error}\n")
    finally:
        if place and not place.plan.exists():
            clear(place)
        if not said:
            # The command was killed: what it rendered is nobody's any more.
            shutil.rmtree(scratch, ignore_errors=True)


def carry_out(place: Place, *, resumed: bool = False) -> None:
    """Do what the plan says; what was done before an interruption is not done again.

    Raises Refused when the plan is not ours, or another git process has the index (a plan that is not
    ``resumed`` is thrown away then); OSError when a file cannot be written: the plan stays then.
    """
    plan = read_plan(place.folder, place.top)
    staged, lock = place.folder / INDEX, place.index.with_name(f"{place.index.name}.lock")
    if staged.exists():
        if not _take(lock, staged):
            if not resumed:
                place.plan.unlink()
            raise Refused(f"{lock}: another git process is at work in this checkout, or was killed there")
        for path in plan.removed:
            _remove(place.top, path)
        for number, path in enumerate(plan.written):
            _put(place.folder / str(number), place.top / path)
        lock.replace(place.index)
        # From here on the index is the new one: this file is the mark that the rest is done.
        staged.unlink()
    place.plan.unlink()
    clear(place)


def clear(place: Place) -> None:
    """Throw away what is made ready; never what a link leads to."""
    shutil.rmtree(place.folder, ignore_errors=True)


def _take(lock: Path, wanted: Path) -> bool:
    """Make git's lock on the index, with the new index as its content; False when another process has it."""
    whole = wanted.with_name("lock")
    with suppress(FileNotFoundError):
        whole.unlink()
    shutil.copyfile(wanted, whole)
    try:
        # Whole or not at all: half a lock would be taken for another process's.
        os.link(whole, lock)
    except FileExistsError:
        # Our own from before an interruption, or another's.
        return not lock.is_symlink() and lock.read_bytes() == wanted.read_bytes()
    except OSError:
        # A file system without hard links.
        return _create(lock, wanted)
    finally:
        whole.unlink()
    return True


def _create(lock: Path, wanted: Path) -> bool:
    content = wanted.read_bytes()
    try:
        handle = os.open(lock, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except FileExistsError:
        return not lock.is_symlink() and lock.read_bytes() == content
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    return True


def _remove(top: Path, path: str) -> None:
    with suppress(FileNotFoundError, NotADirectoryError):
        (top / path).unlink()
    for folder in parents(path):
        try:
            (top / folder).rmdir()
        except OSError:
            # Something of the user's is in it.
            break


def _put(staged: Path, target: Path) -> None:
    if not os.path.lexists(staged):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        staged.replace(target)
    except OSError as error:
        if error.errno != 18:  # EXDEV: the git directory is on another file system
            raise
        beside = target.with_name(f".{target.name}.meshwright")
        # Left by an interruption, or laid there by somebody, a link perhaps.
        with suppress(FileNotFoundError):
            beside.unlink()
        shutil.copy2(staged, beside, follow_symlinks=False)
        beside.replace(target)
        staged.unlink()


if __name__ == "__main__":
    main()
