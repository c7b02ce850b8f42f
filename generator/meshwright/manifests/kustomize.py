"""Runs the real kustomize on groups of builds, and isolates builds that make a group fail."""

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

_MAX_PROCESSES = 2
# Extra seconds for each build in a run, and the total time of failing runs as a multiple of one run's limit.
_SHARED_SECONDS = 0.2
_PATIENCE = 2
# Bytes that one run may print: ten times the output of the largest group of builds.
_MAX_OUTPUT = 32 * 2**20
# CPU seconds per second of a run's limit: they end kustomize if this process is killed.
_CPU_FACTOR = 4
_NO_MEMORY = re.compile(r"runtime: out of memory|cannot allocate memory")
_FULL = {"no space left on device": errno.ENOSPC, "file too large": errno.EFBIG}
_CULPRIT = re.compile(r"accumulating resources from '\.\./w(\d+)'")
_COLLISION = re.compile(r"already registered id|already encountered|multiple matches for")


@dataclass(frozen=True)
class _QueuedGroup:
    """Builds that will share a run, with the failures and timeouts of their earlier runs."""

    members: list[int]
    failures: int = 0
    halvings: int = 0


@dataclass
class _Run:
    queued: _QueuedGroup
    folder: Path
    process: Process
    seconds: float


class Kustomize:
    """Builds units, as many as possible per process, with at most two processes at a time."""

    def __init__(
        self,
        tool: Path,
        workspace: Workspace,
        helm: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        """``helm`` returns extra arguments for a build that renders charts."""
        self._tool = tool
        self._helm = helm
        self._workspace = workspace
        self._patience = current().build * _PATIENCE * 1.0
        self._printed = 0
        self._units: list[BuildUnit] = []
        self._results: dict[int, BuildResult] = {}
        self._errors: dict[int, str] = {}
        self._queue: deque[_QueuedGroup] = deque()
        self._collided: list[int] = []

    def build(
        self, units: Sequence[BuildUnit], explain: Callable[[BuildUnit, str], BuildResult]
    ) -> list[BuildResult]:
        """A result for each unit; ``explain`` turns kustomize's error for a unit into findings."""
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
            self._queue.append(_QueuedGroup([number_of[id(unit)] for unit in members]))
        self._drain()
        for number in numbers:
            if number in self._errors:
                self._results[number] = explain(self._units[number], self._errors[number])
        return [self._results[number] for number in numbers]

    def _drain(self) -> None:
        running: deque[_Run] = deque()
        try:
            while self._queue or running or self._collided:
                if not self._queue and not running:
                    # Builds that collided in their groups are tried together, then one by one.
                    self._queue.append(_QueuedGroup(self._collided, 1))
                    self._collided = []
                while self._queue and len(running) < _MAX_PROCESSES:
                    running.append(self._start(self._queue.popleft()))
                self._finish(running[0])
                running.popleft()
        finally:
            for run in running:
                end(run.process)

    def _start(self, queued: _QueuedGroup) -> _Run:
        members = queued.members
        folder = self._workspace.write_group(members, [self._units[number] for number in members])
        command = [str(self._tool), "build", "--load-restrictor", "LoadRestrictionsNone", str(folder)]
        if any(self._units[number].needs_helm for number in members):
            command += self._helm()
        # A build is short and allocates a lot: collecting garbage less often saves a third of its time.
        environment = {**bare_environment(self._workspace.home), "GOGC": "400"}
        # Files instead of pipes: kustomize would block on a full pipe.
        with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
            process = start(
                command,
                folder=folder,
                environment=environment,
                network=False,
                bounds=Bounds(current().memory * 2**20, _MAX_OUTPUT, current().build * _CPU_FACTOR),
                stdout=out,
                stderr=err,
            )
        # Halves of a group that timed out get half the time, so that together they take no longer.
        seconds = (current().build + _SHARED_SECONDS * len(members)) / 2**queued.halvings
        return _Run(queued, folder, process, max(1, min(seconds, self._patience)))

    def _finish(self, run: _Run) -> None:
        status = wait(run.process, run.seconds)
        if status is None:
            self._patience -= run.seconds
            late = replace(run.queued, halvings=run.queued.halvings + 1)
            self._split(late, _limit_exceeded("build", f"took longer than {run.seconds:.0f} s"))
        elif status:
            error = (run.folder / "err").read_text(encoding="utf-8", errors="replace").strip()
            self._split(run.queued, self._error_text(error, run) or f"kustomize exited with code {status}")
        else:
            self._read(run)

    def _error_text(self, error: str, run: _Run) -> str:
        """kustomize's error, or the limit that it reached. Raises OSError if the disk is full."""
        if _NO_MEMORY.search(error):
            return _limit_exceeded("memory", f"needs more than {current().memory} MiB of memory")
        # Compare the whole message: text from a repository could contain the same words.
        full = _FULL.get(error.removeprefix("Error: ").removeprefix("write /dev/stdout: "))
        if full == errno.EFBIG and (run.folder / "out").stat().st_size >= _MAX_OUTPUT:
            return f"kustomize prints more than {_MAX_OUTPUT >> 20} MiB: not built; split the build"
        if full is not None:
            raise OSError(full, os.strerror(full), str(run.folder))
        return error

    def _read(self, run: _Run) -> None:
        out = run.folder / "out"
        self._printed += out.stat().st_size
        if self._printed > current().output * 2**20:
            problem = f"prints more than {current().output} MiB in total"
            self._fail(run.queued.members, _limit_exceeded("output", problem))
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
            self._split(run.queued, f"kustomize's output cannot be parsed: {fault.problem}")
            return
        for number, item in built:
            unit = self._units[number]
            origin = item.origin.inside(unit.written_in or unit.requested_at.path)
            if origin.is_chart:
                origin = replace(origin, place=unit.requested_at)
            self._results[number].objects.append(BuiltObject(item.data, origin))
        for number in run.queued.members:
            self._results[number].built = True

    def _fail(self, members: Sequence[int], error: str) -> None:
        for number in members:
            self._errors[number] = error

    def _split(self, queued: _QueuedGroup, error: str) -> None:
        members, failed = queued.members, replace(queued, failures=queued.failures + 1)
        named = _CULPRIT.search(error)
        culprit = int(named[1]) if named else -1
        if len(members) == 1 or self._patience <= 0:
            self._fail(members, error)
        elif culprit not in members or failed.failures > 3:
            middle = len(members) // 2
            self._queue.extend(replace(failed, members=half) for half in (members[:middle], members[middle:]))
        else:
            if _COLLISION.search(error):
                self._collided.append(culprit)
            else:
                self._errors[culprit] = error
            rest = [number for number in members if number != culprit]
            self._queue.append(replace(failed, members=rest))


def _limit_exceeded(limit: str, problem: str) -> str:
    return f"kustomize {problem}: not built; raise the limit with {current().option(limit)}"


def _limit_of(data: Any) -> str:
    """The limit that inline text in a manifest, such as a patch, exceeds; empty if none."""
    if isinstance(data, str):
        limit = limit_of(data, "inline")
        return limit.problem if limit else ""
    values = data.values() if isinstance(data, Mapping) else data if isinstance(data, list) else ()
    return next((found for value in values if (found := _limit_of(value))), "")
