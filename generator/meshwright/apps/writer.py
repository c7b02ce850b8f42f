"""Writes applications' output so that a kill at any moment leaves each either old or new.

Everything is first staged in a folder that neither engine reads, and is swapped with the existing files only
when all of it is on disk. Output is derived data and contains no user edits.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from meshwright.apps.existing import OVERLAYS
from meshwright.apps.outputdiff import OutputDifference
from meshwright.apps.steps import PathSwap, commit
from meshwright.deadline import lift
from meshwright.errors import CannotRun
from meshwright.openfolder import fill
from meshwright.writing import Tree

# Hidden, ignored by Git through its own .gitignore, and without names that a build reads as YAML.
HOME = ".cache/meshwright"
_OUTER = ".cache"
# A staging folder's name contains its own inode number, so that one from a checkout is not mistaken for it,
# then the IDs of the run and of one of its processes.
_OURS = re.compile(r"generate-([0-9]+)-([0-9a-f]{16})-[0-9a-f]{8}")
_BEGUN = re.compile(r"generate-([0-9a-f]{16})-[0-9a-f]{8}")


@contextmanager
def locked(root: Path) -> Iterator[bool]:
    """Allow one run at a time in a repository; others wait, even for the commit of a killed run.

    Yields whether the lock is held: some network filesystems do not support locks on folders.
    """
    # Imported here: `app list` reads this package on Windows too.
    import fcntl

    try:
        handle = os.open(root, os.O_RDONLY)
    except OSError:
        # The reader of the repository reports what is wrong with it.
        yield False
        return
    try:
        held = False
        # Without locks, parallel runs write the same content, and each file atomically.
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
            held = True
        yield held
    finally:
        os.close(handle)


class Output:
    """The output of one run."""

    def __init__(self, root: Path) -> None:
        self._tree = Tree(root)
        self._run = os.urandom(8).hex()
        self._aside = ""
        self._keeps_outer = True
        self._made: dict[str, None] = {}

    def clear(self, *, alone: bool = True) -> None:
        """Remove the staging folders of killed runs, if this run is ``alone``.

        Raises CannotRun if the staging folder cannot be created; links are not followed.
        """
        place = ""
        for part in HOME.split("/"):
            place = f"{place}/{part}" if place else part
            with _as_cannot_run(place):
                kind = self._tree.kind(place)
            if kind not in ("", "folder"):
                raise CannotRun(
                    f"{self._tree.root / place}: not a folder; remove it: generated files are prepared there"
                )
            if not kind:
                # An existing folder without ours inside belongs to the user.
                self._keeps_outer = place != _OUTER
                return
        self._keeps_outer = False
        if alone:
            self._sweep()
        self._aside = ""

    def clean(self) -> None:
        """Remove the staging folder, and its parent folders if they are empty."""
        self._tree.release()
        self._sweep(self._run)
        self._aside = ""
        for path in reversed([*self._made, *self._tree.made]):
            self._tree.remove_empty(path)
        # A killed run may have left them empty; the target of a link is not ours.
        if self._tree.remove_empty(HOME) and not self._keeps_outer:
            self._tree.remove_empty(_OUTER)

    def stage(self, difference: OutputDifference, wanted: Mapping[str, str]) -> list[PathSwap]:
        """Stage one application's output; the steps move it into place. Raises CannotRun."""
        with _as_cannot_run(HOME):
            self._create_staging()
            overlay = [self._stage_overlay(difference)] if _touches_overlay(difference) else []
            wirings = [
                self._stage_wiring(difference.label, number, change.path, change.after)
                for number, change in enumerate(difference.changes)
                if not change.in_overlay
            ]
        # Pods that join the mesh need a wiring that waits for it first. But a wiring without its folder
        # fails, so a wiring must also be removed before its folder.
        removing = [step for step in wirings if step.removes]
        rest = [step for step in wirings if not step.removes]
        is_new = not any(path.startswith(f"{OVERLAYS}/") for path in difference.kept) and all(
            change.before is None for change in difference.changes if change.in_overlay
        )
        if difference.meshed and not is_new:
            return [*rest, *overlay, *removing]
        return [*overlay, *rest, *removing] if wanted else [*removing, *overlay]

    def stage_files(self, changes: Mapping[str, str | None]) -> list[PathSwap]:
        """Stage single files, by path; None removes a file, after all others. Raises CannotRun."""
        with _as_cannot_run(HOME):
            self._create_staging()
            steps = [
                self._stage_wiring("file", number, path, text)
                for number, (path, text) in enumerate(changes.items())
            ]
            return sorted(steps, key=lambda step: (step.removes, bool(self._tree.kind(step.target))))

    def commit(self, steps: Iterable[list[PathSwap]]) -> None:
        """Move applications' output into place, one application after the other.

        Raises CannotRun if one cannot be written; that one and those after it are unchanged.
        """
        lift()
        staged = list(steps)
        trees = {id(step.tree): step.tree for application in staged for step in application}
        for tree in trees.values():
            # Folders that another process of this run created.
            self._made.update(dict.fromkeys(tree.made))
        commit(staged)

    def _create_staging(self) -> None:
        """Create the staging folder on first use, so that a read-only repository can be checked as fresh."""
        if self._aside:
            return
        suffix = f"{self._run}-{os.urandom(4).hex()}"
        with self._tree.folder(HOME, make=True) as place:
            begun = f"generate-{suffix}"
            os.mkdir(begun, dir_fd=place)
            number = os.stat(begun, dir_fd=place, follow_symlinks=False).st_ino
            name = f"generate-{number}-{suffix}"
            os.rename(begun, name, src_dir_fd=place, dst_dir_fd=place)
        self._aside = f"{HOME}/{name}"
        self._tree.hold(self._aside)
        self._tree.create(f"{self._aside}/.gitignore", b"*\n")

    def _sweep(self, run: str = "") -> None:
        """Remove the staging folders of all runs or of one; one that cannot be removed does no harm."""
        with suppress(OSError):
            with self._tree.folder(HOME) as place:
                entries = [(entry.name, entry.inode()) for entry in os.scandir(place)]
            for name, inode in entries:
                ours, begun = _OURS.fullmatch(name), _BEGUN.fullmatch(name)
                if ours and int(ours[1]) == inode and run in ("", ours[2]):
                    with suppress(OSError):
                        self._tree.remove(f"{HOME}/{name}")
                elif begun and run in ("", begun[1]):
                    self._tree.remove_empty(f"{HOME}/{name}")

    def _stage_overlay(self, difference: OutputDifference) -> PathSwap:
        folder = f"{self._aside}/{difference.label}.overlay"
        target = difference.overlay
        kept = [path for path in difference.kept if path.startswith(f"{target}/")]
        texts = {
            change.path: change.after
            for change in difference.changes
            if change.in_overlay and change.after is not None
        }
        if not kept and not texts:
            return PathSwap(self._tree, target, folder, removes=True)
        self._tree.hold(target.rpartition("/")[0])
        with self._tree.parent(folder) as (aside, name):
            os.mkdir(name, dir_fd=aside)
        with self._tree.folder(folder) as place:
            for path, text in texts.items():
                fill(place, path.removeprefix(f"{target}/"), text.encode(), self._tree.mode(path))
        for path in kept:
            # Link kept files, so that the new folder is complete before the swap.
            self._tree.link(path, f"{folder}/{path.removeprefix(f'{target}/')}")
        return PathSwap(self._tree, target, folder)

    def _stage_wiring(self, name: str, number: int, path: str, text: str | None) -> PathSwap:
        aside = f"{self._aside}/{name}.wiring{number}"
        if text is None:
            return PathSwap(self._tree, path, aside, removes=True)
        self._tree.hold(path.rpartition("/")[0])
        self._tree.create(aside, text.encode(), self._tree.mode(path))
        return PathSwap(self._tree, path, aside)


def _touches_overlay(difference: OutputDifference) -> bool:
    return any(change.in_overlay for change in difference.changes)


@contextmanager
def _as_cannot_run(place: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        at = error.filename or place
        raise CannotRun(f"{at}: cannot be written: {error.strerror}; nothing was changed") from None
