"""Starts every external program: kustomize, helm, kubeconform, git, go, and Python subprocesses.

No other module of the package starts programs (tests/security/test_imports.py checks the imports), so this
module alone decides what a program can reach: a minimal environment, no network where the kernel can remove
it, bounded memory and time, and no code from the working folder.
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

# Fixed paths of util-linux, because a folder on PATH could belong to anyone.
_UNSHARE = ("/usr/bin/unshare", "/bin/unshare")
_SPACES = (("--map-root-user", "--net", "--ipc"), ("--net", "--ipc"))
_NOWHERE = "http://127.0.0.1:9"
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
PIPE = subprocess.PIPE
NULL = subprocess.DEVNULL

# A running program, for annotations in other modules.
Process = subprocess.Popen[bytes]


class ProgramTimeout(Exception):
    """A program was killed because it exceeded its time limit."""


@dataclass(frozen=True)
class Ended:
    """A finished program: its exit status, stdout and stderr."""

    status: int
    output: bytes
    stderr: bytes


@dataclass(frozen=True)
class Bounds:
    """Limits of a program: bytes of memory, bytes per written file, seconds of processor time.

    None means no limit. Each child process gets the same limits.
    """

    memory: int | None = None
    file: int | None = None
    processor: int | None = None


UNBOUNDED = Bounds()


def bare_environment(home: Path) -> dict[str, str]:
    """A minimal environment: settings are read from and written to ``home`` only.

    PATH is empty, so that not even git is found, and every proxy variable leads to a closed port.
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
    """Run ``command`` in ``folder`` until it ends, with ``given`` as its standard input.

    ``environment`` is its whole environment. ``network=False`` removes the network where the kernel allows
    that. Raises OSError if it cannot be started, ProgramTimeout after ``seconds``.
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
    """Start ``command`` as ``run`` does and return the process; it inherits the descriptors ``handles``.

    It leads a process group, so that ``end`` also kills its children. Raises OSError.
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
    """Write ``given`` to a started process and read its output until it ends.

    Kills the process and raises ProgramTimeout if that takes longer than ``seconds``.
    """
    try:
        output, stderr = process.communicate(given or None, timeout=seconds)
    except subprocess.TimeoutExpired:
        name = Path(str(process.args[0] if isinstance(process.args, list) else process.args)).name
        raise ProgramTimeout(f"{name} took longer than {seconds:.0f} s") from None
    finally:
        if process.returncode is None:
            end(process)
    return Ended(process.returncode, output or b"", stderr or b"")


def wait(process: Process, seconds: float) -> int | None:
    """The exit status; None if the process was killed after ``seconds``.

    Popen.wait with a timeout polls and can sleep 50 ms too long, about as long as a build takes.
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
    """Kill a process and its children."""
    if hasattr(os, "killpg"):
        # The group outlives its leader: helm still runs after kustomize has ended.
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    if wait:
        process.communicate()


def python(module: str, *arguments: str | Path) -> list[str]:
    """The command that runs a module of this package without code from the working folder.

    ``-m`` alone searches that folder first, and a repository may contain ``meshwright/`` or ``json.py``.
    """
    return [sys.executable, "-P", "-m", module, *map(str, arguments)]


@cache
def isolation() -> tuple[str, ...]:
    """The command prefix that removes the network; empty where the kernel does not allow it."""
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
    """Limit a process's resources, where the system supports that."""
    if bounds is UNBOUNDED:
        return
    with suppress(OSError, ValueError, ImportError, AttributeError):
        import resource

        # Limit the data segment, which is really used; Go reserves far more address space.
        for kind, most in (
            (resource.RLIMIT_DATA, bounds.memory),
            (resource.RLIMIT_FSIZE, bounds.file),
            (resource.RLIMIT_CPU, bounds.processor),
        ):
            if most is not None:
                resource.prlimit(pid, kind, (most, most))
