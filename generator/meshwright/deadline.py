"""How long a command may take. When the time is over, whatever runs is interrupted by an exception."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from meshwright import progress


class OutOfTime(BaseException):
    """The time is over. It is no Exception: what survives a fault must not survive this."""

    def __init__(self, seconds: int, doing: str) -> None:
        super().__init__(f"stopped after {seconds} s{f' while {doing}' if doing else ''}")
        self.fix = f"--timeout {seconds * 2} gives it longer, --timeout 0 as long as it takes"


class _State:
    """Of this process: how many blocks hold the end of the time off, and whether it came in one."""

    holding = 0
    late: OutOfTime | None = None


@contextmanager
def deadline(seconds: int) -> Iterator[None]:
    """Raise OutOfTime in the block once it has taken ``seconds``; 0 sets no limit. Main thread alone."""
    if not seconds or not hasattr(signal, "SIGALRM"):
        yield
        return

    def ring(_: int, __: FrameType | None) -> None:
        over = OutOfTime(seconds, progress.doing())
        if not _State.holding:
            raise over
        _State.late = over

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        lift()
        signal.signal(signal.SIGALRM, before)


@contextmanager
def held() -> Iterator[None]:
    """Put the end of the time off until the block is done: it leaves nothing half-written."""
    # The signal's mask would not do: any other thread would take it.
    _State.holding += 1
    try:
        yield
    finally:
        _State.holding -= 1
    if _State.late is not None and not _State.holding:
        late, _State.late = _State.late, None
        raise late


def lift() -> None:
    """Take as long as it takes from here on: what is being written now is written to its end."""
    _State.late = None
    if hasattr(signal, "SIGALRM"):
        signal.alarm(0)
