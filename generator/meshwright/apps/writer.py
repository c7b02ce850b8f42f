"""Writes applications' output so that a kill at any moment leaves each as it was, or as it is to be.

Everything is written aside first, where neither engine looks, and changes places with what is there only
when all of it is on disk. Output is derived, and nothing of a person's is in it.
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
from meshwright.writing import Tree, fill

# Hidden, ignored by Git through a file of its own, and without a name that a build takes for YAML.
HOME = ".cache/meshwright"
_OUTER = ".cache"
# A place aside bears its own inode's number, so that a folder which came with a checkout is none. The numbers
# of the run and of one of its processes follow.
_OURS = re.compile(r"generate-([0-9]+)-([0-9a-f]{16})-[0-9a-f]{8}")
_BEGUN = re.compile(r"generate-([0-9a-f]{16})-[0-9a-f]{8}")


@contextmanager
def locked(root: Path) -> Iterator[bool]:
    """One run at a time in a repository; another waits, also for what a killed run has still to finish.

    Gives whether it is so: some network filesystems lock no folders.
    """
    # Imported here: `app list` reads this package on Windows too.
    import fcntl

    try:
        handle = os.open(root, os.O_RDONLY)
    except OSError:
        # Whoever reads the repository says what is wrong with it.
        yield False
        return
    try:
        held = False
        # Two runs that cannot wait for each other write the same, each file wholly.
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
        """Remove what a killed run left aside, if this run is ``alone``.

        Raises CannotRun when there is no folder to prepare files in: nothing goes through a link.
        """
        place = ""
        for part in HOME.split("/"):
            place = f"{place}/{part}" if place else part
            with _told(place):
                kind = self._tree.kind(place)
            if kind not in ("", "folder"):
                raise CannotRun(
                    f"{self._tree.root / place}: not a folder; remove it: generated files are prepared there"
                )
            if not kind:
                # What is there without a folder of ours in it is a person's.
                self._keeps_outer = place != _OUTER
                return
        self._keeps_outer = False
        if alone:
            self._sweep()
        self._aside = ""

    def clean(self) -> None:
        """Remove the place aside, and the folders around it when nothing else is in them."""
        self._tree.release()
        self._sweep(self._run)
        self._aside = ""
        for path in reversed([*self._made, *self._tree.made]):
            self._tree.remove_empty(path)
        # A killed run may have left them empty; what a link leads to is not ours.
        if self._tree.remove_empty(HOME) and not self._keeps_outer:
            self._tree.remove_empty(_OUTER)

    def stage(self, difference: OutputDifference, wanted: Mapping[str, str]) -> list[PathSwap]:
        """Write one application's output aside; the steps bring it to its place. Raises CannotRun."""
        with _told(HOME):
            self._make_aside()
            overlay = [self._stage_overlay(difference)] if _touches_overlay(difference) else []
            wirings = [
                self._stage_wiring(difference.name, number, change.path, change.after)
                for number, change in enumerate(difference.changes)
                if not change.in_overlay
            ]
        # Pods that come into the mesh must find a wiring that waits for it. A wiring without a folder
        # fails, though, and one that goes has to go before its folder.
        removing = [step for step in wirings if step.removes]
        rest = [step for step in wirings if not step.removes]
        is_new = not any(path.startswith(f"{OVERLAYS}/") for path in difference.kept) and all(
            change.before is None for change in difference.changes if change.in_overlay
        )
        if difference.meshed and not is_new:
            return [*rest, *overlay, *removing]
        return [*overlay, *rest, *removing] if wanted else [*removing, *overlay]

    def stage_files(self, changes: Mapping[str, str | None]) -> list[PathSwap]:
        """Write single files aside, by path; None is one that goes, last of all. Raises CannotRun."""
        with _told(HOME):
            self._make_aside()
            steps = [
                self._stage_wiring("file", number, path, text)
                for number, (path, text) in enumerate(changes.items())
            ]
            return sorted(steps, key=lambda step: (step.removes, bool(self._tree.kind(step.target))))

    def commit(self, steps: Iterable[list[PathSwap]]) -> None:
        """Bring applications' output to its place, one application after the other.

        Raises CannotRun when one cannot be written: that one and those after it are as before.
        """
        lift()
        staged = list(steps)
        trees = {id(step.tree): step.tree for application in staged for step in application}
        for tree in trees.values():
            # What another process of this run made.
            self._made.update(dict.fromkeys(tree.made))
        commit(staged)

    def _make_aside(self) -> None:
        """Only when there is something to write: a tree that nobody may write can still be fresh."""
        if self._aside:
            return
        chance = f"{self._run}-{os.urandom(4).hex()}"
        with self._tree.folder(HOME, make=True) as place:
            begun = f"generate-{chance}"
            os.mkdir(begun, dir_fd=place)
            number = os.stat(begun, dir_fd=place, follow_symlinks=False).st_ino
            name = f"generate-{number}-{chance}"
            os.rename(begun, name, src_dir_fd=place, dst_dir_fd=place)
        self._aside = f"{HOME}/{name}"
        self._tree.hold(self._aside)
        self._tree.create(f"{self._aside}/.gitignore", b"*\n")

    def _sweep(self, run: str = "") -> None:
        """Remove the places aside of all runs or of one; one that cannot be removed is in nobody's way."""
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
        folder = f"{self._aside}/{difference.name}.overlay"
        target = f"{OVERLAYS}/{difference.name}"
        kept = [path for path in difference.kept if path.startswith(f"{target}/")]
        texts = {
            change.path: change.after
            for change in difference.changes
            if change.in_overlay and change.after is not None
        }
        if not kept and not texts:
            return PathSwap(self._tree, target, folder, removes=True)
        with self._tree.parent(folder) as (aside, name):
            os.mkdir(name, dir_fd=aside)
        with self._tree.folder(folder) as place:
            for path, text in texts.items():
                fill(place, path.removeprefix(f"{target}/"), text.encode(), self._tree.mode(path))
        for path in kept:
            # The same file once more, so that the new folder has it from the first.
            self._tree.link(path, f"{folder}/{path.removeprefix(f'{target}/')}")
        self._tree.hold(OVERLAYS)
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
def _told(place: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        at = error.filename or place
        raise CannotRun(f"{at}: cannot be written: {error.strerror}; nothing is changed") from None
