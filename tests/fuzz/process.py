"""Runs one command in a forked copy of a warm interpreter, and notes what the interpreter itself reports.

A fork has everything imported: a case takes the time of its work, and not of a start.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fuzz.case import Area
from meshwright import cli
from support.writes import watched_writes

HANG = 60.0
_CHILD_SUBREAPER = 36
_GIB = 1024**3
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_PROGRAMS = ("subprocess.Popen", "os.exec", "os.posix_spawn")


@dataclass(frozen=True)
class Ended:
    """How a command ended: ``status`` negative for a signal, ``seconds`` of wall time, ``processor`` of work.

    ``noted`` are paths written, read and run, and addresses, as audit events gave them; ``left`` the
    processes that were still there.
    """

    status: int
    output: bytes
    stderr: bytes
    seconds: float
    processor: float
    left: int
    noted: Mapping[str, list[str]] = field(default_factory=dict)


def run(arguments: tuple[str, ...], area: Area, environment: Mapping[str, str]) -> Ended:
    """Run ``meshwright`` with ``arguments`` in the area's repository; it is killed after HANG seconds."""
    # Whom a killed command leaves behind becomes our child, and can be found.
    ctypes.CDLL(None).prctl(_CHILD_SUBREAPER, 1, 0, 0, 0)
    out, err, noted = (area.root / name for name in (".out", ".err", ".noted"))
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    child = os.fork()
    if child == 0:
        _become(arguments, area, environment, out, err, noted)
    status = _wait(child, started + HANG)
    seconds = time.monotonic() - started
    left = _reap()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    found = json.loads(noted.read_bytes()) if noted.exists() else {}
    ended = Ended(status, out.read_bytes(), err.read_bytes(), seconds, processor, left, found)
    for file in (out, err, noted):
        file.unlink(missing_ok=True)
    return ended


def _wait(child: int, until: float) -> int:
    pause = 0.001
    while time.monotonic() < until:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        time.sleep(pause)
        pause = min(pause * 1.3, 0.02)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return -signal.SIGKILL


def _reap() -> int:
    """End what is left of a command; how many processes were still running."""
    left = 0
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return left
        if pid == 0:
            found = Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii").split()
            left += len(found)
            for number in found:
                with suppress(OSError):
                    os.kill(int(number), signal.SIGKILL)
                    os.waitpid(int(number), 0)


def _become(
    arguments: tuple[str, ...], area: Area, environment: Mapping[str, str], out: Path, err: Path, noted: Path
) -> None:
    """Be ``meshwright`` from here on; never returns."""
    status = 70
    try:
        for handle, file in ((1, out), (2, err)):
            os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600), handle)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        sys.stdin, sys.stdout, sys.stderr = (
            os.fdopen(handle, mode, encoding="utf-8", errors=errors)
            for handle, mode, errors in ((0, "r", "strict"), (1, "w", "strict"), (2, "w", "backslashreplace"))
        )
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (_GIB, _GIB))
        resource.setrlimit(resource.RLIMIT_DATA, (4 * _GIB, 4 * _GIB))
        os.environ.clear()
        os.environ.update(environment)
        # Found out once a process, before there was another TMPDIR.
        tempfile.tempdir = None
        os.chdir(area.repository)
        sys.argv = ["meshwright", *arguments]
        # Bytecode that Python writes beside a module is not a write of the command.
        sys.dont_write_bytecode = True
        status = _main(area, noted)
    except BaseException:
        import traceback

        traceback.print_exc()
        with suppress(OSError):
            sys.stderr.flush()
    os._exit(status)


class _Ended(BaseException):
    pass


def _main(area: Area, noted: Path) -> int:
    seen: dict[str, list[str]] = {"read": [], "ran": [], "programs": [], "connections": []}
    status, leave, own = 0, os._exit, os.getpid()

    def end(code: int) -> None:
        nonlocal status
        if os.getpid() != own:
            leave(code)
        status = code
        raise _Ended

    _audit(area, seen)
    # The command ends without leaving a word; what was noted has to be written first.
    os._exit = end  # type: ignore[assignment] # it raises, and so never returns either
    with watched_writes() as written:
        try:
            cli.main()
        except _Ended:
            pass
        except SystemExit as ended:
            status = ended.code if isinstance(ended.code, int) else 1
        except BaseException:
            import traceback

            traceback.print_exc()
            status = 1
    os._exit = leave
    seen["written"] = written
    noted.write_bytes(json.dumps(seen).encode("utf-8"))
    sys.stdout.flush()
    sys.stderr.flush()
    return status


def _audit(area: Area, seen: dict[str, list[str]]) -> None:
    root, inside = os.path.realpath(area.root), os.path.realpath(area.repository)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = arguments
            # What may not be a link is none; below which handle a relative path lies is not told.
            is_below = mode is None and isinstance(path, (str, bytes)) and not os.path.isabs(path)
            is_read = not (isinstance(flags, int) and flags & (_WRITES | os.O_NOFOLLOW))
            if isinstance(path, (str, bytes)) and is_read and not is_below:
                _note_read(os.fsdecode(path))
        elif event in ("os.listdir", "os.scandir"):
            if isinstance(arguments[0], (str, bytes, os.PathLike)):
                _note_read(os.fsdecode(arguments[0]))
        elif event == "exec":
            file = getattr(arguments[0], "co_filename", "")
            if file.startswith(inside):
                seen["ran"].append(file)
        elif event in _PROGRAMS:
            program = arguments[1][0] if event == "subprocess.Popen" and arguments[1] else arguments[0]
            seen["programs"].append(os.fsdecode(program))
        elif event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
            seen["connections"].append(repr(arguments[1] if event != "socket.getaddrinfo" else arguments[0]))

    def _note_read(path: str) -> None:
        given = os.path.abspath(path)
        if not given.startswith(root) or given.startswith(
            (str(area.cache), str(area.temporary), str(area.home))
        ):
            return
        real = os.path.realpath(given)
        if given.startswith(inside) and not (real + "/").startswith(inside + "/"):
            frame = sys._getframe(2)
            while frame.f_back and "/meshwright/" not in frame.f_code.co_filename:
                frame = frame.f_back
            place = f"{frame.f_code.co_filename.rpartition('/meshwright/')[2]}:{frame.f_lineno}"
            seen["read"].append(f"{path} -> {real} (in {place})")

    sys.addaudithook(hook)
