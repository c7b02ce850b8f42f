"""Processes that end with the test run, whatever ends it, and leave a log when something fails."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

# By programs and not by a function in the forked child: other threads run here, and such a child may hang.
LAST_WITH_US = ("setpriv", "--pdeathsig", "KILL", "--")
MOUNT = 'from=$0 onto=$1; shift; mount --bind "$from" "$onto" && exec "$@"'


class NotReadyError(Exception):
    """Something did not come up in time; the message ends with the log's last lines."""


@dataclass(frozen=True)
class Running:
    """A process under supervision."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def tail(self, lines: int = 12) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def stop(self, grace: float = 5.0) -> None:
        """Ask it to end, then make it end."""
        if not self.alive:
            return
        self.process.terminate()
        try:
            self.process.wait(grace)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@dataclass
class Supervisor:
    """Starts processes and stops all of them, newest first."""

    logs: Path
    running: list[Running] = field(default_factory=list)

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        environment: Mapping[str, str] | None = None,
        mounted: tuple[Path, Path] | None = None,
    ) -> Running:
        """Start a program; it alone sees the first of two folders mounted over the second."""
        before: tuple[str, ...] = LAST_WITH_US
        if mounted is not None:
            before = (*before, "unshare", "--mount", "sh", "-c", MOUNT, str(mounted[0]), str(mounted[1]))
        self.logs.mkdir(parents=True, exist_ok=True)
        log = self.logs / f"{name}.log"
        with log.open("ab") as output:
            process = subprocess.Popen(
                [*before, *(str(part) for part in command)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})},
                cwd="/",
            )
        started = Running(name, process, log)
        self.running.append(started)
        return started

    def stop(self, one: Running, grace: float = 5.0) -> None:
        """Stop one of them."""
        one.stop(grace)
        if one in self.running:
            self.running.remove(one)

    def stop_all(self) -> None:
        """Stop all at once; nothing is left when this returns."""
        for one in self.running:
            if one.alive:
                one.process.kill()
        for one in self.running:
            one.process.wait()
        self.running.clear()


def wait_until(
    what: str, met: Callable[[], object], seconds: float, pause: float = 0.1, running: Running | None = None
) -> None:
    """Wait for a condition; errors of it count as not met.

    Raises:
        NotReadyError: it was not met in time, or the process that should meet it has ended.
    """
    end = time.monotonic() + seconds
    last: Exception | None = None
    while time.monotonic() < end:
        try:
            if met():
                return
        except OSError as error:
            last = error
        if running is not None and not running.alive:
            raise NotReadyError(f"{running.name} ended with {running.process.returncode}:\n{running.tail()}")
        time.sleep(pause)
    log = f"\n{running.tail()}" if running is not None else ""
    raise NotReadyError(f"{what}: not after {seconds:.0f} s{f' ({last})' if last else ''}{log}")
