"""How long a command may take. When the time is over, whatever runs is interrupted by an exception."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from meshwright import progress

# Seconds: a hundred times what a large repository takes.
DEFAULT = 600


class OutOfTime(BaseException):
    """The time is over. It is no Exception: what survives a fault must not survive this."""

    def __init__(self, seconds: int, doing: str) -> None:
        super().__init__(f"stopped after {seconds} s{f' while {doing}' if doing else ''}")
        self.fix = f"--timeout {seconds * 2} gives it longer, --timeout 0 as long as it takes"


@contextmanager
def deadline(seconds: int) -> Iterator[None]:
    """Raise OutOfTime in the block once it has taken ``seconds``; 0 sets no limit. Main thread alone."""
    if not seconds or not hasattr(signal, "SIGALRM"):
        yield
        return

    def ring(_: int, __: FrameType | None) -> NoReturn:
        raise OutOfTime(seconds, progress.doing())

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        lift()
        signal.signal(signal.SIGALRM, before)


def lift() -> None:
    """Take as long as it takes from here on: what is being written now is written to its end."""
    if hasattr(signal, "SIGALRM"):
        signal.alarm(0)
