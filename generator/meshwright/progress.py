"""A line on the terminal while something takes longer than a second; nothing where no person looks."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from meshwright.inert import printable

if TYPE_CHECKING:
    from rich.status import Status

_AFTER = 1.0


class _Line:
    """What is being done; shown once it has taken long enough."""

    def __init__(self) -> None:
        self.text = ""
        self._status: Status | None = None
        self._lock = threading.Lock()
        self._over = False

    def show(self) -> None:
        from rich.console import Console
        from rich.markup import escape

        with self._lock:
            if not self._over:
                self._status = Console(stderr=True).status(escape(printable(self.text)))
                self._status.start()

    def say(self, text: str) -> None:
        from rich.markup import escape

        with self._lock:
            self.text = text
            if self._status is not None:
                self._status.update(escape(printable(text)))

    def end(self) -> None:
        with self._lock:
            self._over = True
            if self._status is not None:
                self._status.stop()


_lines: list[_Line] = []
# What was said last, for a message that says where the time went.
_said = ""


@contextmanager
def working(text: str) -> Iterator[None]:
    """Show ``text``, or what ``say`` last said, when the block takes longer than a second on a terminal."""
    _remember(text)
    if not sys.stderr.isatty():
        yield
        return
    line = _Line()
    line.text = text
    _lines.append(line)
    timer = threading.Timer(_AFTER, line.show)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        line.end()
        _lines.remove(line)


def say(text: str) -> None:
    """Tell what is being done now; shown inside ``working`` alone."""
    _remember(text)
    if _lines:
        _lines[-1].say(text)


def doing() -> str:
    """What was said last; empty when nothing was."""
    return _said


def _remember(text: str) -> None:
    global _said
    _said = text
