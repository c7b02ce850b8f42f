"""A process of its own that puts a prepared update in place; a kill of the command does not reach it.

What is to happen stands in ``meshwright-update/`` of the git directory. As long as there is no plan.json
nothing has begun, and everything is thrown away when the command ends; once it is there the update is
carried out, by this process or, after a power cut, by the next run. Only the standard library is imported:
it starts with the command.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

FOLDER = "meshwright-update"
PLAN = "plan.json"
INDEX = "index"


class Refused(Exception):
    """The update could not begin, and nothing was changed; the message is a reason."""


def main() -> None:
    """Wait for the command to end or to say "go"; arguments: the git directory, the scratch folder."""
    git_dir, scratch = Path(sys.argv[1]), Path(sys.argv[2])
    told = sys.stdin.readline().strip()
    try:
        if (git_dir / FOLDER / PLAN).exists():
            carry_out(git_dir)
    except (OSError, Refused) as error:
        sys.stdout.write(f"{error}\n")
    finally:
        if not (git_dir / FOLDER / PLAN).exists():
            shutil.rmtree(git_dir / FOLDER, ignore_errors=True)
        if not told:
            # The command was killed: what it rendered is nobody's any more.
            shutil.rmtree(scratch, ignore_errors=True)


def carry_out(git_dir: Path) -> None:
    """Do what the plan says; what was done before an interruption is not done again.

    Raises Refused when another git process has the index, OSError when a file cannot be written: the plan
    stays then.
    """
    place = git_dir / FOLDER
    plan: dict[str, Any] = json.loads((place / PLAN).read_text(encoding="utf-8"))
    top, index = Path(plan["top"]), Path(plan["index"])
    lock = index.with_name(f"{index.name}.lock")
    if (place / INDEX).exists():
        _take(lock, place / INDEX, place / PLAN)
        for path in plan["removed"]:
            _remove(top, Path(path))
        for number, path in enumerate(plan["written"]):
            _put(place / str(number), top / path)
        lock.replace(index)
        # From here on the index is the new one: this file is the mark that the rest is done.
        (place / INDEX).unlink()
    (place / PLAN).unlink()
    shutil.rmtree(place, ignore_errors=True)


def _take(lock: Path, wanted: Path, plan: Path) -> None:
    content = wanted.read_bytes()
    try:
        handle = os.open(lock, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except FileExistsError:
        # Our own from before an interruption, or another's.
        if lock.read_bytes() == content:
            return
        plan.unlink()
        raise Refused(
            f"{lock}: another git process is at work in this checkout, or was killed there"
        ) from None
    with os.fdopen(handle, "wb") as file:
        file.write(content)


def _remove(top: Path, path: Path) -> None:
    with suppress(FileNotFoundError, NotADirectoryError):
        (top / path).unlink()
    for folder in _folders(path):
        try:
            (top / folder).rmdir()
        except OSError:
            # Something of the user's is in it.
            break


def _folders(path: Path) -> Iterator[Path]:
    return (folder for folder in path.parents if folder != Path())


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
        shutil.copy2(staged, beside, follow_symlinks=False)
        beside.replace(target)
        staged.unlink()


if __name__ == "__main__":
    main()
