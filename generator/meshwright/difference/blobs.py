"""Contents from Git's object store, all through one process."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from meshwright.errors import MeshwrightError

# A hook's variables would lead to another repository; objects that are missing are never fetched.
_UNSET = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY")
_SET = {"GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C"}
# A checkout's own configuration may name programs: never run them.
_COMMAND = ("git", "-c", "core.fsmonitor=false", "-c", "diff.external=")


def run_git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Git in ``folder``, whatever code it ends with. Raises MeshwrightError when there is no git."""
    try:
        command = [*_COMMAND, *arguments]
        return subprocess.run(command, cwd=folder, env=_environment(), capture_output=True, check=False)
    except FileNotFoundError:
        raise MeshwrightError("git is not on PATH; install it, revisions are read by it") from None


class Blobs:
    """Contents by their digest, each read once; ``close`` ends the process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, bytes] = {}
        self._process: subprocess.Popen[bytes] | None = None

    def fetch(self, digests: Iterable[str]) -> None:
        """Read many at once. Raises MeshwrightError when Git has one of them not."""
        wanted = [digest for digest in dict.fromkeys(digests) if digest not in self._known]
        if not wanted:
            return
        if self._process is None:
            command = [*_COMMAND, "cat-file", "--batch"]
            pipe = subprocess.PIPE
            self._process = subprocess.Popen(
                command, cwd=self._folder, env=_environment(), stdin=pipe, stdout=pipe
            )
        asked, answers = self._process.stdin, self._process.stdout
        assert asked is not None
        assert answers is not None
        # Asking and reading at once: neither side waits for a full pipe.
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
        """One content. Raises MeshwrightError as ``fetch`` does."""
        self.fetch([digest])
        return self._known[digest]

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()

    def _answer(self, pipe: IO[bytes]) -> bytes:
        header = pipe.readline().split()
        if len(header) != 3:
            raise MeshwrightError(
                f"{self._folder}: this partial clone has not all files of the revision; "
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
        # The reader gave up, and says why.
        return


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in _UNSET}
    return {**kept, **_SET}
