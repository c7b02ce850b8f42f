"""A pool of workers: each in its own process, or a single one in this process.

A worker is a generator: it yields a result, is sent a message, and yields the next result.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from meshwright.errors import MeshwrightError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkProcess

Worker = Callable[[], Generator[Any, Any, None]]


def processors() -> int:
    """The number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


class WorkerPool:
    """A pool of workers, all of which end with the ``with`` statement."""

    def __init__(self, workers: Sequence[Worker]) -> None:
        self._members: list[_ForkedWorker | _InlineWorker] = []
        for worker in workers:
            # A single worker needs no process.
            self._members.append(_InlineWorker(worker) if len(workers) == 1 else _ForkedWorker(worker))

    def receive(self) -> list[Any]:
        """The next result of every worker, in order. Raises MeshwrightError if a worker does."""
        return [member.receive() for member in self._members]

    def send(self, message: Any) -> None:
        """Send a message to every worker."""
        for member in self._members:
            member.send(message)

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(self, *_: object) -> None:
        for member in self._members:
            member.end()


class _InlineWorker:
    def __init__(self, worker: Worker) -> None:
        self._worker = worker()
        self._message: Any = None

    def receive(self) -> Any:
        return self._worker.send(self._message)

    def send(self, message: Any) -> None:
        self._message = message

    def end(self) -> None:
        self._worker.close()


class _ForkedWorker:
    """A fork of this process, so that data that has been read need not be sent."""

    def __init__(self, worker: Worker) -> None:
        from multiprocessing import get_context

        context = get_context("fork")
        self._connection: Connection
        self._connection, other = context.Pipe()
        self._process: ForkProcess = context.Process(
            target=_serve, args=(worker, other, self._connection), daemon=True
        )
        self._process.start()
        other.close()

    def receive(self) -> Any:
        try:
            status, value = self._connection.recv()
        except EOFError:
            raise MeshwrightError(
                "a worker process ended early, perhaps out of memory; nothing was written"
            ) from None
        if status == "refused":
            raise MeshwrightError(value)
        return value

    def send(self, message: Any) -> None:
        # A worker that has ended is reported by the next receive().
        with suppress(BrokenPipeError):
            self._connection.send(message)

    def end(self) -> None:
        self._connection.close()
        self._process.terminate()
        self._process.join()


def _serve(worker: Worker, connection: Connection, parents: Connection) -> None:
    """The main function of a worker process; it ends when the run ends, for any reason."""
    parents.close()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        dialogue = worker()
        connection.send(("receive", next(dialogue)))
        while True:
            connection.send(("receive", dialogue.send(connection.recv())))
    except (StopIteration, EOFError, BrokenPipeError):
        return
    except MeshwrightError as error:
        connection.send(("refused", str(error)))
    except Exception as error:
        from meshwright.faults import in_one_line

        connection.send(("refused", f"a worker process failed: {in_one_line(error)}"))
