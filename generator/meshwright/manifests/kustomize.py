"""Runs the real kustomize over groups of builds, and finds the build that breaks a group."""

from __future__ import annotations

import os
import re
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from meshwright.manifests.grouping import group
from meshwright.manifests.output import read_output
from meshwright.manifests.unit import BuildResult, BuildUnit, BuiltObject
from meshwright.manifests.workspace import Workspace
from meshwright.yaml import limit_of

_AT_ONCE = 2
_SECONDS = 300
# Bytes of address space: a hundred times what the largest group of builds needs.
_MEMORY = 16 * 2**30
_CULPRIT = re.compile(r"accumulating resources from '\.\./w(\d+)'")
_COLLISION = re.compile(r"already registered id|already encountered|multiple matches for")


@dataclass
class _Run:
    members: list[int]
    folder: Path
    process: subprocess.Popen[bytes]
    failures: int


class Kustomize:
    """Builds units, as many as possible in one process, at most two processes at once."""

    def __init__(
        self,
        tool: Path,
        workspace: Workspace,
        repository: Path,
        helm: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        """``helm`` gives the further arguments of a build that renders charts."""
        self._tool = tool
        self._helm = helm
        self._workspace = workspace
        self._repository = repository
        self._units: list[BuildUnit] = []
        self._results: dict[int, BuildResult] = {}
        self._errors: dict[int, str] = {}
        self._queue: deque[tuple[list[int], int]] = deque()
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
                self._workspace.write_wrapper(numbers[-1], unit)
        number_of = {id(unit): number for unit, number in zip(units, numbers, strict=True)}
        ready = [
            unit
            for unit, number in zip(units, numbers, strict=True)
            if not unit.is_empty and number not in self._errors
        ]
        for members in group(ready):
            self._queue.append(([number_of[id(unit)] for unit in members], 0))
        self._drain()
        for number in numbers:
            if number in self._errors:
                self._results[number] = explain(self._units[number], self._errors[number])
        return [self._results[number] for number in numbers]

    def _drain(self) -> None:
        running: deque[_Run] = deque()
        while self._queue or running or self._apart:
            if not self._queue and not running:
                # What collided with its group is tried together, and then one by one.
                self._queue.append((self._apart, 1))
                self._apart = []
            while self._queue and len(running) < _AT_ONCE:
                running.append(self._start(*self._queue.popleft()))
            self._finish(running.popleft())

    def _start(self, members: list[int], failures: int) -> _Run:
        folder = self._workspace.write_group(members, [self._units[number] for number in members])
        command = [str(self._tool), "build", "--load-restrictor", "LoadRestrictionsNone", str(folder)]
        if any(self._units[number].needs_helm for number in members):
            command += self._helm()
        # Files, not pipes: a full pipe would make kustomize wait for us.
        with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=_offline(self._workspace.root)
            )
        _bound(process.pid)
        return _Run(members, folder, process, failures)

    def _finish(self, run: _Run) -> None:
        # A wait with a timeout polls, and sleeps up to 50 ms too long; a build takes little more.
        watch = threading.Timer(_SECONDS, run.process.kill)
        watch.start()
        code = run.process.wait()
        watch.cancel()
        if code == 0:
            text = (run.folder / "out").read_text(encoding="utf-8")
            for number, built in read_output(text, run.folder, self._repository, self._workspace.originals):
                unit = self._units[number]
                origin = built.origin.inside(unit.written_in or unit.asked_at.path)
                if origin.is_chart:
                    origin = replace(origin, asked_at=unit.asked_at)
                self._results[number].objects.append(BuiltObject(built.data, origin))
            for number in run.members:
                self._results[number].built = True
            return
        error = (run.folder / "err").read_text(encoding="utf-8", errors="replace")
        self._split(run, error.strip() or f"kustomize ended with code {code}")

    def _split(self, run: _Run, error: str) -> None:
        members, failures = run.members, run.failures + 1
        named = _CULPRIT.search(error)
        culprit = int(named[1]) if named else -1
        if len(members) == 1:
            self._errors[members[0]] = error
        elif culprit not in members or failures > 3:
            middle = len(members) // 2
            self._queue.extend([(members[:middle], failures), (members[middle:], failures)])
        else:
            if _COLLISION.search(error):
                self._apart.append(culprit)
            else:
                self._errors[culprit] = error
            self._queue.append(([number for number in members if number != culprit], failures))


def _bound(pid: int) -> None:
    """Let a process fail before it takes all memory of the machine; where the system can do that."""
    with suppress(OSError, ValueError, ImportError, AttributeError):
        import resource

        resource.prlimit(pid, resource.RLIMIT_AS, (_MEMORY, _MEMORY))


def _limit_of(data: Any) -> str:
    """What makes some text inside a manifest, such as a patch, too much for any reader."""
    if isinstance(data, str):
        limit = limit_of(data, "inline")
        return limit.problem if limit else ""
    values = data.values() if isinstance(data, Mapping) else data if isinstance(data, list) else ()
    return next((found for value in values if (found := _limit_of(value))), "")


def _offline(home: Path) -> dict[str, str]:
    """An environment in which kustomize finds neither git nor a proxy that leads anywhere."""
    nowhere = "http://127.0.0.1:9"
    proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), nowhere)
    kept = {name: os.environ[name] for name in ("SYSTEMROOT", "TMPDIR") if name in os.environ}
    # A build is short and makes much garbage: looking for it less often saves a third of its time.
    return {**kept, **proxies, "PATH": "", "HOME": str(home), "GOGC": "400"}
