"""Cases in a warm process of their own: makes each, runs it, judges it, and takes it away."""

from __future__ import annotations

import importlib
import os
import pkgutil
import shutil
import socket
import tempfile
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import meshwright
from fuzz.case import Area, make_case
from fuzz.oracle import judge, state
from fuzz.process import run
from fuzz.seeds import Seeds
from meshwright import programs
from meshwright.tools import locate

_WATCHED = ("repository", "outside", "home", "tmp", "charts")


@dataclass(frozen=True)
class Result:
    """What came of a case; ``failures`` is empty when all was as it should be."""

    number: int
    command: str
    line: str
    seed: str
    done: tuple[str, ...]
    status: int
    seconds: float
    processor: float
    failures: tuple[str, ...]

    @property
    def story(self) -> str:
        """How it came about, and what to type to see it again."""
        done = "; ".join(self.done)
        return (
            f"case {self.number}: {' | '.join(self.failures)}\n    {self.line}\n"
            f"    {self.seed}: {done}\n    again: make fuzz SEED={self.number} CASES=1"
        )


class Runner:
    """Runs cases, one after another, in folders below ``work``."""

    def __init__(self, work: Path, keep: bool = False) -> None:
        self._work, self._keep = work, keep
        _import_all()
        self._seeds = Seeds()
        self._environment = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            # A fault that was caught is one all the same.
            "MESHWRIGHT_DEBUG": "1",
            "PYTHONHASHSEED": "0",
            **{
                f"MESHWRIGHT_{tool.upper()}": str(locate(tool).path)
                for tool in ("kustomize", "kubeconform", "helm")
            },
        }
        # Which version a tool is was asked once, not in each case.
        self._tools = work / f"tools-{os.getpid()}"
        os.environ["MESHWRIGHT_CACHE"] = str(self._tools)
        for tool in ("kustomize", "kubeconform", "helm"):
            os.environ[f"MESHWRIGHT_{tool.upper()}"] = self._environment[f"MESHWRIGHT_{tool.upper()}"]
            locate(tool)
        # Never accepted from: whoever connects waits in its queue, where he is found.
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        # The network of a program is taken away where the kernel can: here the door before it has to hold.
        setattr(programs, "isolation", lambda: ())  # noqa: B010 - not a cached function any more

    def run(self, number: int) -> Result:
        """Make, run and judge case ``number``."""
        area = Area(Path(os.path.realpath(self._work)) / f"case-{number}")
        shutil.copytree(self._tools, area.cache)
        case = make_case(
            number, self._seeds, area, self._work / f"kept-{os.getpid()}", self._listener.getsockname()[1]
        )
        places = {"HOME": area.home, "TMPDIR": area.temporary, "MESHWRIGHT_CACHE": area.cache}
        environment = self._environment | {name: str(path) for name, path in places.items()}
        before = {name: state(area.root / name) for name in _WATCHED}
        ended = run(case.command.arguments, area, environment)
        failures = judge(case, ended, area, before, self._visits())
        command = case.command
        if not self._keep:
            shutil.rmtree(area.root, ignore_errors=True)
        return Result(
            number,
            command.name,
            command.line,
            case.seed.name,
            case.done,
            ended.status,
            ended.seconds,
            ended.processor,
            tuple(failures),
        )

    def _visits(self) -> list[bytes]:
        found: list[bytes] = []
        while True:
            try:
                visitor, _ = self._listener.accept()
            except BlockingIOError:
                return found
            with visitor:
                visitor.settimeout(0.2)
                try:
                    found.append(visitor.recv(200))
                except TimeoutError:
                    found.append(b"")


_runner: Runner | None = None


def run_cases(numbers: Iterable[int], workers: int, *, keep: str = "") -> Iterator[Result]:
    """Run the cases side by side; results come in order. ``keep`` is a folder to leave them in."""
    with tempfile.TemporaryDirectory(prefix="meshwright-fuzz-") as scratch:
        work = keep or scratch
        with ProcessPoolExecutor(
            workers, mp_context=get_context("spawn"), initializer=_start, initargs=(work, bool(keep))
        ) as pool:
            yield from pool.map(_run, numbers, chunksize=1)


def _start(work: str, keep: bool) -> None:
    global _runner
    _runner = Runner(Path(work), keep)


def _run(number: int) -> Result:
    assert _runner is not None
    try:
        return _runner.run(number)
    except Exception as error:
        # The other cases go on; this one is seen to.
        broken = "".join(traceback.format_exception(error)[-3:]).replace("\n", " ")
        return Result(number, "none", "", "", (), -1, 0.0, 0.0, (f"fuzzing itself: {broken}",))


def _import_all() -> None:
    """What a command imports when it runs is there before a case begins."""
    for module in pkgutil.walk_packages(meshwright.__path__, "meshwright."):
        if not module.name.endswith("__main__") and module.name not in (
            "meshwright.update.renderer",
            "meshwright.update.transaction",
        ):
            importlib.import_module(module.name)


def table(results: list[Result], seconds: float) -> str:
    """Cases by command and exit code, the slowest, and every failure."""
    codes = sorted({result.status for result in results})
    rows = [("command", "cases", *(f"exit {code}" for code in codes), "failures", "slowest")]
    for name in (*sorted({result.command for result in results}), "all"):
        chosen = [result for result in results if name in (result.command, "all")]
        counts = Counter(result.status for result in chosen)
        rows.append(
            (
                name,
                str(len(chosen)),
                *(str(counts[code]) for code in codes),
                str(sum(bool(result.failures) for result in chosen)),
                f"{max(result.seconds for result in chosen):.1f} s",
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    text = "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n"
        for row in rows
    )
    slowest = max(results, key=lambda result: result.seconds)
    text += (
        f"\nslowest: case {slowest.number} ({slowest.line}), {slowest.seconds:.1f} s; all: {seconds:.0f} s\n"
    )
    return text
