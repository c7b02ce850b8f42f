"""Says on standard error what is being done once it takes longer than a second.

A terminal gets one line with a clock, which disappears at the end; everything else gets plain lines, and only
about work that is asked for rarely, such as a download.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from meshwright.inert import printable
from meshwright.printing import OutputClosed, complain, quiet, trace

if TYPE_CHECKING:
    from rich.progress import Progress

_PATIENCE_SECONDS = 1.0


class _Line:
    """The line on the terminal, shown once the work has taken long enough."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._started = time.monotonic()
        self._progress: Progress | None = None
        self._lock = threading.Lock()
        self._over = False
        self._timer = _later(self._show)

    def say(self, text: str) -> None:
        with self._lock:
            self._text = text
            if self._progress is not None:
                self._progress.update(self._progress.task_ids[0], description=printable(text))

    def end(self) -> None:
        self._timer.cancel()
        with self._lock:
            self._over = True
            if self._progress is not None:
                self._progress.stop()

    def _show(self) -> None:
        from rich.console import Console
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
        with self._lock:
            if not self._over:
                self._progress = Progress(*columns, console=Console(stderr=True), transient=True)
                self._progress.add_task(printable(self._text), total=None)
                self._progress.tasks[0].start_time = self._started
                self._progress.start()


class _ProgressState:
    """Of this process: what was said last, and the line that shows it."""

    said = ""
    line: _Line | None = None


@contextmanager
def working(text: str, *, plain: bool = False, done: str = "") -> Iterator[None]:
    """Show ``text``, or what ``say`` last said, on a terminal when the block takes longer than a second.

    With ``plain`` anything but a terminal gets it too, as a line. ``done`` is printed with the seconds that
    the block took, when it went well and took longer than one.
    """
    before, started = _ProgressState.said, time.monotonic()
    shown = _ProgressState.line is None and not quiet() and sys.stderr.isatty()
    line = _Line(text) if shown else None
    _ProgressState.line = line or _ProgressState.line
    plain = plain and not quiet() and _ProgressState.line is None
    timer = _later(lambda: _complain(f"{text}…")) if plain else None
    say(text)
    try:
        yield
    finally:
        if timer is not None:
            timer.cancel()
        if line is not None:
            line.end()
            _ProgressState.line = None
        say(before, is_detail=True)
    elapsed = time.monotonic() - started
    if done and not quiet() and elapsed >= _PATIENCE_SECONDS:
        _complain(f"{done} in {elapsed:.0f} s")


def say(text: str, *, is_detail: bool = False) -> None:
    """Tell what is being done now; shown inside ``working`` alone, and, unless a detail, after --verbose."""
    if not is_detail:
        with suppress(OutputClosed, OSError):
            trace(printable(text))
    _ProgressState.said = text
    if _ProgressState.line is not None:
        _ProgressState.line.say(text)


def doing() -> str:
    """What is being done, as it was said last; empty when nothing was."""
    return _ProgressState.said


def _later(action: Callable[[], None]) -> threading.Timer:
    timer = threading.Timer(_PATIENCE_SECONDS, action)
    timer.daemon = True
    timer.start()
    return timer


def _complain(line: str) -> None:
    # Work goes on when nobody reads what is said about it.
    with suppress(OutputClosed, OSError):
        complain(f"{line}\n")
