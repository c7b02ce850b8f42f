"""Talks with several workers at once: each in a process of its own, or one after the other in this one.

A worker is a generator: it yields an answer, is sent a question, and yields the next answer.
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
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


class WorkerPool:
    """Use it in a with statement: no worker outlives it."""

    def __init__(self, workers: Sequence[Worker]) -> None:
        self._members: list[_ForkedWorker | _InlineWorker] = []
        for worker in workers:
            # A process would cost a single one more than it saves.
            self._members.append(_InlineWorker(worker) if len(workers) == 1 else _ForkedWorker(worker))

    def answers(self) -> list[Any]:
        """What every worker says next, in their order. Raises MeshwrightError when one does."""
        return [member.answer() for member in self._members]

    def tell(self, question: Any) -> None:
        """Send the same to every worker."""
        for member in self._members:
            member.tell(question)

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(self, *_: object) -> None:
        for member in self._members:
            member.end()


class _InlineWorker:
    def __init__(self, worker: Worker) -> None:
        self._worker = worker()
        self._question: Any = None

    def answer(self) -> Any:
        return self._worker.send(self._question)

    def tell(self, question: Any) -> None:
        self._question = question

    def end(self) -> None:
        self._worker.close()


class _ForkedWorker:
    """A copy of this process: what is read already need not be sent."""

    def __init__(self, worker: Worker) -> None:
        from multiprocessing import get_context

        context = get_context("fork")
        self._line: Connection
        self._line, other = context.Pipe()
        self._process: ForkProcess = context.Process(
            target=_serve, args=(worker, other, self._line), daemon=True
        )
        self._process.start()
        other.close()

    def answer(self) -> Any:
        try:
            said, value = self._line.recv()
        except EOFError:
            raise MeshwrightError(
                "a process that plans applications ended early: is memory short? Nothing is written"
            ) from None
        if said == "refused":
            raise MeshwrightError(value)
        return value

    def tell(self, question: Any) -> None:
        # One that has ended says so by its missing answer.
        with suppress(BrokenPipeError):
            self._line.send(question)

    def end(self) -> None:
        self._line.close()
        self._process.terminate()
        self._process.join()


def _serve(worker: Worker, line: Connection, parents: Connection) -> None:
    """The life of a worker's process; it ends with its run, however that ends."""
    parents.close()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        dialogue = worker()
        line.send(("answer", next(dialogue)))
        while True:
            line.send(("answer", dialogue.send(line.recv())))
    except (StopIteration, EOFError, BrokenPipeError):
        return
    except MeshwrightError as error:
        line.send(("refused", str(error)))
    except Exception as error:
        from meshwright.faults import in_one_line

        line.send(("refused", f"a process that plans applications stopped: {in_one_line(error)}"))
