"""Runs the real kustomize over groups of builds, and finds the build that breaks a group."""

from __future__ import annotations

import errno
import os
import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from meshwright.limits import current
from meshwright.manifests.buildgroups import group
from meshwright.manifests.kustomizeoutput import read_output
from meshwright.manifests.stage import Withheld
from meshwright.manifests.unit import BuildResult, BuildUnit, BuiltObject
from meshwright.manifests.workspace import Workspace
from meshwright.programs import Bounds, Process, bare_environment, end, start, wait
from meshwright.yaml import YamlFault, limit_of

_AT_ONCE = 2
# Seconds more for each build that shares a run, and how much longer than one run all may take that fail.
_SHARED_SECONDS = 0.2
_PATIENCE = 2
# Bytes that one run may print: ten times what the largest group of builds does.
_PRINTED = 32 * 2**20
# Seconds of processor time for one of a run: where this process is killed, nobody ends kustomize.
_ORPHANED = 4
_NO_MEMORY = re.compile(r"runtime: out of memory|cannot allocate memory")
_FULL = {"no space left on device": errno.ENOSPC, "file too large": errno.EFBIG}
_CULPRIT = re.compile(r"accumulating resources from '\.\./w(\d+)'")
_COLLISION = re.compile(r"already registered id|already encountered|multiple matches for")


@dataclass(frozen=True)
class _Waiting:
    """Builds that are to share a run: how often those before it failed, and how often for want of time."""

    members: list[int]
    failures: int = 0
    halvings: int = 0


@dataclass
class _Run:
    waiting: _Waiting
    folder: Path
    process: Process
    seconds: float


class Kustomize:
    """Builds units, as many as possible in one process, at most two processes at once."""

    def __init__(
        self,
        tool: Path,
        workspace: Workspace,
        helm: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        """``helm`` gives the further arguments of a build that renders charts."""
        self._tool = tool
        self._helm = helm
        self._workspace = workspace
        self._patience = current().build * _PATIENCE * 1.0
        self._printed = 0
        self._units: list[BuildUnit] = []
        self._results: dict[int, BuildResult] = {}
        self._errors: dict[int, str] = {}
        self._queue: deque[_Waiting] = deque()
        self._apart: list[int] = []

    def build(
        self, units: Sequence[BuildUnit], explain: Callable[[BuildUnit, str], BuildResult]
    ) -> list[BuildResult]:
        """A result for each unit; ``explain`` turns kustomize's error about a unit into findings."""
        numbers = []
        for unit in units:
            numbers.append(len(self._units))
            self._units.append(unit)
            self._results[numbers[-1]] = BuildResult(built=unit.is_empty)
            if unit.is_empty:
                continue
            if limit := _limit_of([unit.manifest, unit.copies]):
                self._errors[numbers[-1]] = limit
            else:
                try:
                    self._workspace.write_wrapper(numbers[-1], unit)
                except Withheld as problem:
                    self._errors[numbers[-1]] = f"{problem}: not built"
        number_of = {id(unit): number for unit, number in zip(units, numbers, strict=True)}
        ready = [
            unit
            for unit, number in zip(units, numbers, strict=True)
            if not unit.is_empty and number not in self._errors
        ]
        for members in group(ready):
            self._queue.append(_Waiting([number_of[id(unit)] for unit in members]))
        self._drain()
        for number in numbers:
            if number in self._errors:
                self._results[number] = explain(self._units[number], self._errors[number])
        return [self._results[number] for number in numbers]

    def _drain(self) -> None:
        running: deque[_Run] = deque()
        try:
            while self._queue or running or self._apart:
                if not self._queue and not running:
                    # What collided with its group is tried together, and then one by one.
                    self._queue.append(_Waiting(self._apart, 1))
                    self._apart = []
                while self._queue and len(running) < _AT_ONCE:
                    running.append(self._start(self._queue.popleft()))
                self._finish(running[0])
                running.popleft()
        finally:
            for run in running:
                end(run.process)

    def _start(self, waiting: _Waiting) -> _Run:
        members = waiting.members
        folder = self._workspace.write_group(members, [self._units[number] for number in members])
        command = [str(self._tool), "build", "--load-restrictor", "LoadRestrictionsNone", str(folder)]
        if any(self._units[number].needs_helm for number in members):
            command += self._helm()
        # A build is short and makes much garbage: looking for it less often saves a third of its time.
        environment = {**bare_environment(self._workspace.home), "GOGC": "400"}
        # Files, not pipes: a full pipe would make kustomize wait for us.
        with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
            process = start(
                command,
                folder=folder,
                environment=environment,
                network=False,
                bounds=Bounds(current().memory * 2**20, _PRINTED, current().build * _ORPHANED),
                stdout=out,
                stderr=err,
            )
        # Halves of a group that took too long get half the time: together they cost no more than it did.
        seconds = (current().build + _SHARED_SECONDS * len(members)) / 2**waiting.halvings
        return _Run(waiting, folder, process, max(1, min(seconds, self._patience)))

    def _finish(self, run: _Run) -> None:
        status = wait(run.process, run.seconds)
        if status is None:
            self._patience -= run.seconds
            late = replace(run.waiting, halvings=run.waiting.halvings + 1)
            self._split(late, _too_much("build", f"took longer than {run.seconds:.0f} s"))
        elif status:
            error = (run.folder / "err").read_text(encoding="utf-8", errors="replace").strip()
            self._split(run.waiting, self._understood(error, run) or f"kustomize ended with code {status}")
        else:
            self._read(run)

    def _understood(self, error: str, run: _Run) -> str:
        """What kustomize says, and which limit it reached. Raises OSError when a disk is full."""
        if _NO_MEMORY.search(error):
            return _too_much("memory", f"needs more than {current().memory} MiB of memory")
        # Only kustomize's own words: what a repository makes it say may end in anything.
        full = _FULL.get(error.removeprefix("Error: ").removeprefix("write /dev/stdout: "))
        if full == errno.EFBIG and (run.folder / "out").stat().st_size >= _PRINTED:
            return f"kustomize prints more than {_PRINTED >> 20} MiB: not built; let it build less at once"
        if full is not None:
            raise OSError(full, os.strerror(full), str(run.folder))
        return error

    def _read(self, run: _Run) -> None:
        out = run.folder / "out"
        self._printed += out.stat().st_size
        if self._printed > current().output * 2**20:
            problem = f"prints more than {current().output} MiB, all builds together"
            self._give_up(run.waiting.members, _too_much("output", problem))
            return
        try:
            built = list(
                read_output(
                    out.read_text(encoding="utf-8", errors="replace"),
                    run.folder,
                    self._workspace.stage.root,
                    self._workspace.originals,
                )
            )
        except YamlFault as fault:
            self._split(run.waiting, f"what kustomize prints cannot be read: {fault.problem}")
            return
        for number, item in built:
            unit = self._units[number]
            origin = item.origin.inside(unit.written_in or unit.asked_at.path)
            if origin.is_chart:
                origin = replace(origin, place=unit.asked_at)
            self._results[number].objects.append(BuiltObject(item.data, origin))
        for number in run.waiting.members:
            self._results[number].built = True

    def _give_up(self, members: Sequence[int], error: str) -> None:
        for number in members:
            self._errors[number] = error

    def _split(self, waiting: _Waiting, error: str) -> None:
        members, failed = waiting.members, replace(waiting, failures=waiting.failures + 1)
        named = _CULPRIT.search(error)
        culprit = int(named[1]) if named else -1
        if len(members) == 1 or self._patience <= 0:
            self._give_up(members, error)
        elif culprit not in members or failed.failures > 3:
            middle = len(members) // 2
            self._queue.extend(replace(failed, members=half) for half in (members[:middle], members[middle:]))
        else:
            if _COLLISION.search(error):
                self._apart.append(culprit)
            else:
                self._errors[culprit] = error
            rest = [number for number in members if number != culprit]
            self._queue.append(replace(failed, members=rest))


def _too_much(limit: str, problem: str) -> str:
    return f"kustomize {problem}: not built; raise the limit with {current().option(limit)}"


def _limit_of(data: Any) -> str:
    """What makes some text inside a manifest, such as a patch, too much for any reader."""
    if isinstance(data, str):
        limit = limit_of(data, "inline")
        return limit.problem if limit else ""
    values = data.values() if isinstance(data, Mapping) else data if isinstance(data, list) else ()
    return next((found for value in values if (found := _limit_of(value))), "")
