"""Starts every foreign program: kustomize, helm, kubeconform, git, go, and Python processes of our own.

No other module of the package may (tests/security/test_imports.py reads the imports), so that what a
program can reach is decided in one place: an environment made from nothing, no network where the kernel
can take it away, bounded memory and time, and no code from the folder that the user stands in.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

# util-linux' own places: a folder on PATH could be anybody's.
_UNSHARE = ("/usr/bin/unshare", "/bin/unshare")
_SPACES = (("--map-root-user", "--net", "--ipc"), ("--net", "--ipc"))
_NOWHERE = "http://127.0.0.1:9"
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
PIPE = subprocess.PIPE
NULL = subprocess.DEVNULL

# A running program, for other modules' annotations.
Process = subprocess.Popen[bytes]


class ProgramTimeout(Exception):
    """A program was ended because it took longer than it may."""


@dataclass(frozen=True)
class Ended:
    """A program that has ended: its exit status and what it printed."""

    status: int
    output: bytes
    complaint: bytes


@dataclass(frozen=True)
class Bounds:
    """What a program may take: bytes of memory, bytes of one file that it writes, seconds of processor time.

    None leaves a thing unbounded. Programs that it starts in turn get the same bounds each.
    """

    memory: int | None = None
    file: int | None = None
    processor: int | None = None


UNBOUNDED = Bounds()


def bare_environment(home: Path) -> dict[str, str]:
    """An environment made from nothing: settings are read from ``home`` and written to it alone.

    No program is on PATH, git least of all, and every proxy leads nowhere.
    """
    place = str(home)
    kept = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}
    homes = ("HOME", "TMPDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "KUSTOMIZE_PLUGIN_HOME")
    return {
        **kept,
        **dict.fromkeys(homes, place),
        **dict.fromkeys(_PROXIES, _NOWHERE),
        "PATH": "",
        "LC_ALL": "C",
    }


def run(
    command: Sequence[str | Path],
    *,
    folder: Path,
    environment: Mapping[str, str],
    seconds: float,
    given: bytes = b"",
    network: bool = True,
    bounds: Bounds = UNBOUNDED,
) -> Ended:
    """Run ``command`` in ``folder`` to its end, ``given`` on its standard input.

    ``environment`` is all of its environment; without ``network`` it gets none where the kernel can take it
    away. Raises OSError when it cannot be started, ProgramTimeout after ``seconds``.
    """
    process = start(
        command,
        folder=folder,
        environment=environment,
        network=network,
        bounds=bounds,
        stdin=PIPE if given else NULL,
        stdout=PIPE,
        stderr=PIPE,
    )
    return finish(process, seconds, given)


def start(
    command: Sequence[str | Path],
    *,
    folder: Path,
    environment: Mapping[str, str],
    network: bool = True,
    bounds: Bounds = UNBOUNDED,
    stdin: int | IO[bytes] = NULL,
    stdout: int | IO[bytes] = PIPE,
    stderr: int | IO[bytes] | None = None,
    own_session: bool = False,
    handles: Sequence[int] = (),
) -> Process:
    """Start ``command``, as ``run`` does, and give the process; ``handles`` are file descriptors it inherits.

    It is the first of a process group, so that ``end`` ends what it started too. Raises OSError.
    """
    prefix = () if network else isolation()
    process = subprocess.Popen(
        [*prefix, *map(str, command)],
        cwd=folder,
        env=dict(environment),
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        pass_fds=tuple(handles),
        start_new_session=own_session,
        process_group=None if own_session or os.name != "posix" else 0,
    )
    _bound(process.pid, bounds)
    return process


def finish(process: Process, seconds: float, given: bytes = b"") -> Ended:
    """Write ``given`` to a started process and read what it prints, to its end.

    Raises ProgramTimeout when that takes longer than ``seconds``, and ends the process.
    """
    try:
        output, complaint = process.communicate(given or None, timeout=seconds)
    except subprocess.TimeoutExpired:
        name = Path(str(process.args[0] if isinstance(process.args, list) else process.args)).name
        raise ProgramTimeout(f"{name} took longer than {seconds:.0f} s") from None
    finally:
        if process.returncode is None:
            end(process)
    return Ended(process.returncode, output or b"", complaint or b"")


def wait(process: Process, seconds: float) -> int | None:
    """Its exit status, None when it was ended for taking longer than ``seconds``.

    A wait with a timeout polls, and sleeps up to 50 ms too long; a build takes little more.
    """
    late = threading.Event()

    def give_up() -> None:
        late.set()
        end(process, wait=False)

    watch = threading.Timer(seconds, give_up)
    watch.daemon = True
    watch.start()
    try:
        status = process.wait()
    finally:
        watch.cancel()
    return None if late.is_set() else status


def end(process: Process, *, wait: bool = True) -> None:
    """Kill a process with all that it started."""
    if hasattr(os, "killpg"):
        # The group outlives its first member: helm is left when kustomize is gone.
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    if wait:
        process.communicate()


def python(module: str, *arguments: str | Path) -> list[str]:
    """The command that runs a module of this package without code from the working folder.

    ``-m`` alone would look there first, and a repository may have a folder ``meshwright/`` or a ``json.py``.
    """
    return [sys.executable, "-P", "-m", module, *map(str, arguments)]


@cache
def isolation() -> tuple[str, ...]:
    """The words before a command that take the network away; empty where the kernel does not allow that."""
    for program in _UNSHARE:
        if not os.access(program, os.X_OK):
            continue
        for spaces in _SPACES:
            probe = [program, *spaces, "--", program, "--version"]
            with suppress(OSError, subprocess.TimeoutExpired):
                if not subprocess.run(probe, stdin=NULL, capture_output=True, env={}, timeout=5).returncode:
                    return (program, *spaces, "--")
    return ()


def _bound(pid: int, bounds: Bounds) -> None:
    """Let a process fail before it takes all of the machine; where the system can do that."""
    if bounds is UNBOUNDED:
        return
    with suppress(OSError, ValueError, ImportError, AttributeError):
        import resource

        # The data segment is what is really used; Go reserves far more address space than that.
        for kind, most in (
            (resource.RLIMIT_DATA, bounds.memory),
            (resource.RLIMIT_FSIZE, bounds.file),
            (resource.RLIMIT_CPU, bounds.processor),
        ):
            if most is not None:
                resource.prlimit(pid, kind, (most, most))
