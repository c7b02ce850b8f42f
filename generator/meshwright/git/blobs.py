"""Reads blobs from Git's object store through one `git cat-file --batch` process."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import IO, TYPE_CHECKING

from meshwright.errors import MeshwrightError
from meshwright.git.command import command, environment
from meshwright.git.worktree import WorkTree

if TYPE_CHECKING:
    from meshwright.programs import Process


class Blobs:
    """Blob contents by object ID, each read once; ``close`` ends the process."""

    def __init__(self, tree: WorkTree) -> None:
        self._tree = tree
        self._known: dict[str, bytes] = {}
        self._process: Process | None = None

    def fetch(self, digests: Iterable[str]) -> None:
        """Read many blobs at once. Raises MeshwrightError if Git does not have one of them."""
        wanted = [digest for digest in dict.fromkeys(digests) if digest not in self._known]
        if not wanted:
            return
        if self._process is None:
            self._process = self._start()
        asked, answers = self._process.stdin, self._process.stdout
        assert asked is not None
        assert answers is not None
        # A thread writes while this one reads, so that a full pipe blocks neither side.
        asking = threading.Thread(target=_ask, args=(asked, wanted))
        asking.start()
        try:
            for digest in wanted:
                self._known[digest] = self._answer(answers)
        finally:
            if len(self._known.keys() & set(wanted)) < len(wanted):
                self._process.kill()
            asking.join()

    def get(self, digest: str) -> bytes:
        """The content of one blob. Raises MeshwrightError as ``fetch`` does."""
        self.fetch([digest])
        return self._known[digest]

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            from meshwright.programs import end

            end(self._process)

    def _start(self) -> Process:
        from meshwright.programs import NULL, PIPE, start

        return start(
            command("cat-file", "--batch"),
            folder=self._tree.folder,
            environment={**environment(), **self._tree.environment},
            stdin=PIPE,
            stderr=NULL,
        )

    def _answer(self, pipe: IO[bytes]) -> bytes:
        header = pipe.readline().split()
        if len(header) != 3:
            raise MeshwrightError(
                f"{self._tree.folder}: this partial clone does not have all files of the revision; "
                "run `git fetch --refetch --no-filter origin`"
            )
        content = pipe.read(int(header[2]))
        pipe.read(1)
        return content


def _ask(pipe: IO[bytes], digests: Iterable[str]) -> None:
    try:
        pipe.write("".join(f"{digest}\n" for digest in digests).encode())
        pipe.flush()
    except OSError:
        # The reader stopped and reports the reason.
        return
