"""The garbage collector, set aside for a run whose memory lives until its end."""

from __future__ import annotations

import gc
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def no_collection() -> Generator[None, None, None]:
    """Nearly all that a run makes lives until its end: looking for garbage again and again finds none."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            # Without this, the next allocation searches everything that the run has made.
            gc.freeze()
            gc.enable()
            gc.unfreeze()
