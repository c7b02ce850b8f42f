"""Tells on stderr what takes longer than a second."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_PATIENCE_SECONDS = 1.0


def tell(line: str) -> None:
    """One line on stderr."""
    print(line, file=sys.stderr, flush=True)


@contextmanager
def working(message: str, done: str | None = None) -> Iterator[None]:
    """Show ``message`` while the body runs, and ``done`` with the seconds it took when it went well.

    A terminal gets a spinner with a clock at once, anything else a plain line after a second; work that
    ends sooner leaves no trace.
    """
    start = time.monotonic()
    with _spinner(message) if sys.stderr.isatty() else _late_line(message):
        yield
    elapsed = time.monotonic() - start
    if done and elapsed >= _PATIENCE_SECONDS:
        tell(f"{done} in {elapsed:.0f} s")


@contextmanager
def _spinner(message: str) -> Iterator[None]:
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        progress.add_task(message, total=None)
        yield


@contextmanager
def _late_line(message: str) -> Iterator[None]:
    timer = threading.Timer(_PATIENCE_SECONDS, tell, [f"{message}…"])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
