"""Moves staged files into place, so that at any moment each path is either the old or the new version.

A separate process does this, so that a kill -9 of the run does not interrupt it. If that process ends early
too (a power cut), each folder and each wiring is still old or new, and the next run completes the rest.
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
from meshwright.openfolder import names_in
from meshwright.words import plural
from meshwright.writing import Tree

_LAST = "kustomization.yaml"


@dataclass(frozen=True)
class PathSwap:
    """One changed path: ``aside`` moves to ``target``, or, if ``removes``, ``target`` moves to ``aside``."""

    tree: Tree
    target: str
    aside: str
    removes: bool = False

    @property
    def name(self) -> str:
        """The last part of the target."""
        return self.target.rpartition("/")[2]


def commit(steps: Iterable[list[PathSwap]]) -> None:
    """Move applications' output into place, one application after the other.

    Raises CannotRun if one cannot be written; that one and those after it are unchanged.
    """
    reader, writer = os.pipe()
    # Ctrl-C takes effect after the commit.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        child = os.fork()
        if child == 0:
            _commit_and_exit(steps, writer)
        os.close(writer)
        with os.fdopen(reader, encoding="utf-8", errors="surrogateescape") as pipe:
            problem = pipe.read()
        _, status = os.waitpid(child, 0)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    if problem or status:
        raise CannotRun(problem or "the process that writes files was killed; run it again")


def _commit_and_exit(steps: Iterable[list[PathSwap]], writer: int) -> None:
    """The main function of the writing process; it must never return to the caller's code."""
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
                    _undo(earlier)
            before = f"; {plural(number, 'application')} before it changed" if number else ""
            place = step.tree.root / step.target
            return f"{place}: cannot be written: {error.strerror}; it is unchanged{before}"
    return ""


def take(step: PathSwap) -> None:
    """Apply one step, atomically if the kernel supports it. Raises OSError."""
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


def _undo(step: PathSwap) -> None:
    if step.removes or not step.tree.kind(step.aside):
        take(PathSwap(step.tree, step.target, step.aside, not step.removes))
    else:
        _exchange(step)


def _remove(step: PathSwap) -> None:
    try:
        step.tree.move(step.target, step.aside)
    except OSError:
        # A folder from a lower layer of an overlay filesystem cannot be moved.
        if step.tree.kind(step.target) != "folder":
            raise
        step.tree.remove(step.target)


def _replace(step: PathSwap) -> None:
    """Without an atomic swap: replace each file, and last the kustomization.yaml that lists the others."""
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
