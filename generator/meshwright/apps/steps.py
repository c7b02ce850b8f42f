"""Brings what was written aside to its place: each path is the old one or the new one at any moment.

A process of its own does it, so that a kill -9 of the run does not end it midway. Should it end early too (a
power cut), each folder and each wiring is still an old or a new one, and the next run mends the rest.
"""

from __future__ import annotations

import os
import signal
import stat
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from meshwright.apps.exchange import exchange
from meshwright.errors import CannotRun
from meshwright.writing import Tree, names_in

_LAST = "kustomization.yaml"


@dataclass(frozen=True)
class PathSwap:
    """One path that changes: by a move of ``aside`` to it, or, when ``removes``, the other way."""

    tree: Tree
    target: str
    aside: str
    removes: bool = False

    @property
    def name(self) -> str:
        """The last part of the target."""
        return self.target.rpartition("/")[2]


def commit(steps: Iterable[list[PathSwap]]) -> None:
    """Bring applications' output to its place, one application after the other.

    Raises CannotRun when one cannot be written: that one and those after it are as before.
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
        raise CannotRun(problem or "writing was ended from outside; run it again")


def _commit_and_exit(steps: Iterable[list[PathSwap]], writer: int) -> None:
    """The life of the process that writes; it must never return into the run's own code."""
    code = 1
    try:
        os.setsid()
        problem = _commit(steps)
        os.write(writer, problem.encode("utf-8", "surrogateescape"))
        code = 0
    finally:
        os._exit(code)


def _commit(steps: Iterable[list[PathSwap]]) -> str:
    for number, application in enumerate(steps):
        done: list[PathSwap] = []
        try:
            for step in application:
                take(step)
                done.append(step)
        except OSError as error:
            for earlier in reversed(done):
                with suppress(OSError):
                    _take_back(earlier)
            before = f"; {number} applications before it are written" if number else ""
            place = step.tree.root / step.target
            return f"{place}: cannot be written: {error.strerror}; it is as it was{before}"
    return ""


def take(step: PathSwap) -> None:
    """Do one step, in one move where the kernel can. Raises OSError."""
    for path in (step.target, step.aside):
        step.tree.hold(path.rpartition("/")[0])
    if step.removes:
        _remove(step)
    elif not step.tree.kind(step.target):
        step.tree.move(step.aside, step.target)
    elif not _exchange(step):
        _replace(step)


def _exchange(step: PathSwap) -> bool:
    with step.tree.parent(step.aside) as one, step.tree.parent(step.target) as other:
        return exchange(*one, *other)


def _take_back(step: PathSwap) -> None:
    if step.removes or not step.tree.kind(step.aside):
        take(PathSwap(step.tree, step.target, step.aside, not step.removes))
    else:
        _exchange(step)


def _remove(step: PathSwap) -> None:
    try:
        step.tree.move(step.target, step.aside)
    except OSError:
        # A folder of a lower layer of an overlay filesystem does not move.
        if step.tree.kind(step.target) != "folder":
            raise
        step.tree.remove(step.target)


def _replace(step: PathSwap) -> None:
    """Where nothing can be exchanged: file by file, each whole, the one that names the others after them."""
    if step.tree.kind(step.aside) != "folder":
        step.tree.move(step.aside, step.target)
        return
    with step.tree.folder(step.aside) as new, step.tree.folder(step.target) as old:
        names = sorted(names_in(new), key=lambda name: name == _LAST)
        for name in names:
            if not _is_folder(new, name):
                os.rename(name, name, src_dir_fd=new, dst_dir_fd=old)
        for name in names_in(old):
            if name not in names:
                os.unlink(name, dir_fd=old)


def _is_folder(place: int, name: str) -> bool:
    return stat.S_ISDIR(os.stat(name, dir_fd=place, follow_symlinks=False).st_mode)
