"""The time limit of a command: at the deadline, an exception interrupts whatever runs."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from meshwright import progress


class OutOfTime(BaseException):
    """The deadline has passed. Not an Exception, so that code that contains faults does not contain it."""

    def __init__(self, seconds: int, doing: str) -> None:
        super().__init__(f"stopped after {seconds} s{f' while {doing}' if doing else ''}")
        self.fix = f"--timeout {seconds * 2} allows more time, --timeout 0 sets no limit"


# Seconds until the next look at an import that is under way.
_IMPORTING = 0.02


class _Deadline:
    """State of this process: how many blocks hold the deadline off, and whether it passed in one."""

    holding = 0
    late: OutOfTime | None = None


@contextmanager
def deadline(seconds: int) -> Iterator[None]:
    """Raise OutOfTime in the block after ``seconds``; 0 sets no limit. Works only in the main thread."""
    if not seconds or not hasattr(signal, "SIGALRM"):
        yield
        return

    def ring(_: int, frame: FrameType | None) -> None:
        if _is_importing(frame):
            signal.setitimer(signal.ITIMER_REAL, _IMPORTING)
            return
        over = OutOfTime(seconds, progress.doing())
        if not _Deadline.holding:
            raise over
        _Deadline.late = over

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        lift()
        signal.signal(signal.SIGALRM, before)


def _is_importing(frame: FrameType | None) -> bool:
    """Whether a module is half imported: there Python may replace an exception by another, or drop it.

    Until 3.12 whatever ``__set_name__`` raises becomes a RuntimeError, and a callback only prints.
    """
    while frame is not None:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
        frame = frame.f_back
    return False


@contextmanager
def held() -> Iterator[None]:
    """Hold the deadline off until the block is done, so that nothing is left half-written."""
    # Masking the signal is not enough: another thread would receive it.
    _Deadline.holding += 1
    try:
        yield
    finally:
        _Deadline.holding -= 1
    if _Deadline.late is not None and not _Deadline.holding:
        late, _Deadline.late = _Deadline.late, None
        raise late


def lift() -> None:
    """Remove the deadline, so that writing is always completed."""
    _Deadline.late = None
    if hasattr(signal, "SIGALRM"):
        signal.alarm(0)
