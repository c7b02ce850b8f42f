"""Writes applications' output so that a kill at any moment leaves each as it was, or as it is to be.

Everything is written aside first, where neither engine looks, and changes places with what is there only
when all of it is on disk. A process of its own does that: a kill -9 of the run does not reach it, so what
has begun is finished. Should it end early too (a power cut), each folder and each wiring is still an old
or a new one, and the next run mends the rest: output is derived, and nothing of a person's is in it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from meshwright.apps.comparison import Difference
from meshwright.apps.exchange import exchange
from meshwright.apps.existing import OVERLAYS
from meshwright.errors import MeshwrightError

# Hidden, ignored by Git through a file of its own, and without a name that a build takes for YAML.
ASIDE = ".cache/meshwright/generate"


@dataclass(frozen=True)
class Step:
    """One path that changes: by a move of ``aside`` to it, or, when ``removes``, the other way."""

    target: Path
    aside: Path
    removes: bool = False


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """One run at a time in a repository; another waits, also for what a killed run has still to finish."""
    try:
        handle = os.open(root, os.O_RDONLY)
    except OSError:
        # Whoever reads the repository says what is wrong with it.
        yield
        return
    try:
        # Some network filesystems lock no folders: two runs then write the same, each file wholly.
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


class Output:
    """The output of one run."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._aside = root / ASIDE
        self._made = False

    def clear(self) -> None:
        """Remove what a killed run left aside. Raises MeshwrightError when that cannot be."""
        place = self._root
        for part in ASIDE.split("/"):
            place = place / part
            if place.is_symlink() or (place.exists() and not place.is_dir()):
                raise MeshwrightError(f"{place}: not a folder; remove it: generated files are prepared there")
        if self._aside.exists():
            with _told(self._aside):
                shutil.rmtree(self._aside)
        self._made = False

    def clean(self) -> None:
        """Remove the place aside, and the folders around it when nothing else is in them."""
        shutil.rmtree(self._aside, ignore_errors=True)
        for folder in self._aside.relative_to(self._root).parents[:-1]:
            # A killed run may have removed the inner one already.
            with suppress(OSError):
                (self._root / folder).rmdir()

    def stage(self, difference: Difference, wanted: Mapping[str, str]) -> list[Step]:
        """Write one application's output aside; the steps bring it to its place. Raises MeshwrightError."""
        with _told(self._aside):
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

    def stage_files(self, changes: Mapping[str, str | None]) -> list[Step]:
        """Write single files aside, by path; None is one that goes, last of all. Raises MeshwrightError."""
        with _told(self._aside):
            self._make_aside()
            steps = [
                self._stage_wiring("file", number, path, text)
                for number, (path, text) in enumerate(changes.items())
            ]
        return sorted(steps, key=lambda step: (step.removes, step.target.exists()))

    def commit(self, steps: Iterable[list[Step]]) -> None:
        """Bring applications' output to its place, one application after the other.

        Raises MeshwrightError when one cannot be written: that one and those after it are as before.
        """
        reader, writer = os.pipe()
        # Ctrl-C ends the run after this, not in it.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
        try:
            child = os.fork()
            if child == 0:
                _commit_and_exit(steps, writer)
            os.close(writer)
            with os.fdopen(reader, encoding="utf-8", errors="surrogateescape") as said:
                problem = said.read()
            _, status = os.waitpid(child, 0)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if problem or status:
            raise MeshwrightError(problem or "writing was ended from outside; run it again")

    def _make_aside(self) -> None:
        """Only when there is something to write: a tree that nobody may write can still be fresh."""
        if not self._made:
            self._aside.mkdir(parents=True, exist_ok=True)
            (self._aside / ".gitignore").write_text("*\n", encoding="utf-8")
            self._made = True

    def _stage_overlay(self, difference: Difference) -> Step:
        folder = self._aside / f"{difference.name}.overlay"
        target = self._root / OVERLAYS / difference.name
        prefix = f"{OVERLAYS}/{difference.name}/"
        kept = [path for path in difference.kept if path.startswith(prefix)]
        texts = {
            change.path: change.after
            for change in difference.changes
            if change.in_overlay and change.after is not None
        }
        if not kept and not texts:
            return Step(target, folder, removes=True)
        folder.mkdir()
        for path, text in texts.items():
            (folder / path.removeprefix(prefix)).write_bytes(text.encode())
        for path in kept:
            _keep(self._root / path, folder / path.removeprefix(prefix))
        target.parent.mkdir(parents=True, exist_ok=True)
        return Step(target, folder)

    def _stage_wiring(self, name: str, number: int, path: str, text: str | None) -> Step:
        aside, target = self._aside / f"{name}.wiring{number}", self._root / path
        if text is None:
            return Step(target, aside, removes=True)
        aside.write_bytes(text.encode())
        target.parent.mkdir(parents=True, exist_ok=True)
        return Step(target, aside)


def _touches_overlay(difference: Difference) -> bool:
    return any(change.in_overlay for change in difference.changes)


def _keep(source: Path, copy: Path) -> None:
    """The same file once more, so that the new folder has it from the first; a copy where links fail."""
    if source.is_symlink():
        copy.symlink_to(source.readlink())
    elif source.is_dir():
        shutil.copytree(source, copy, symlinks=True, copy_function=_link)
    else:
        _link(source, copy)


def _link(source: str | Path, copy: str | Path) -> None:
    try:
        Path(copy).hardlink_to(source)
    except OSError:
        shutil.copy2(source, copy)


def _commit_and_exit(steps: Iterable[list[Step]], writer: int) -> None:
    """The life of the process that writes; it must never return into the run's own code."""
    code = 1
    try:
        os.setsid()
        problem = _commit(steps)
        os.write(writer, problem.encode("utf-8", "surrogateescape"))
        code = 0
    finally:
        os._exit(code)


def _commit(steps: Iterable[list[Step]]) -> str:
    for number, application in enumerate(steps):
        done: list[Step] = []
        try:
            for step in application:
                _take(step)
                done.append(step)
        except OSError as error:
            for earlier in reversed(done):
                with suppress(OSError):
                    _take_back(earlier)
            before = f"; {number} applications before it are written" if number else ""
            return f"{step.target}: cannot be written: {error.strerror}; it is as it was{before}"
    return ""


def _take(step: Step) -> None:
    if step.removes:
        _remove(step)
    elif not os.path.lexists(step.target):
        step.aside.rename(step.target)
    elif not exchange(step.aside, step.target):
        _replace(step)


def _take_back(step: Step) -> None:
    if step.removes or not os.path.lexists(step.aside):
        _take(Step(step.target, step.aside, not step.removes))
    else:
        exchange(step.aside, step.target)


def _remove(step: Step) -> None:
    try:
        step.target.rename(step.aside)
    except OSError:
        # A folder of a lower layer of an overlay filesystem does not move.
        if not step.target.is_dir():
            raise
        shutil.rmtree(step.target)


def _replace(step: Step) -> None:
    """Where nothing can be exchanged: file by file, each whole, the one that names the others after them."""
    if step.aside.is_file():
        step.aside.replace(step.target)
        return
    names = sorted(
        (path.name for path in step.aside.iterdir()), key=lambda name: name == "kustomization.yaml"
    )
    for name in names:
        if (step.aside / name).is_file():
            (step.aside / name).replace(step.target / name)
    for path in list(step.target.iterdir()):
        if path.name not in names:
            path.unlink()


@contextmanager
def _told(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        at = error.filename or place
        raise MeshwrightError(f"{at}: cannot be written: {error.strerror}; nothing is changed") from None
