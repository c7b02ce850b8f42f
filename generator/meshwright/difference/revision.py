"""A revision of a Git checkout as files in another folder; the work tree is not touched."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from meshwright.errors import MeshwrightError

# A hook's variables would lead to another repository; objects that are missing are never fetched.
_UNSET = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY")
_SET = {"GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C"}
_LINK, _MODULE = "120000", "160000"


@dataclass(frozen=True)
class Checkout:
    """A folder of a Git checkout; ``top`` is the checkout's, ``is_shallow`` says that history was cut off."""

    folder: Path
    top: Path
    is_shallow: bool

    @classmethod
    def of(cls, folder: Path) -> Checkout:
        """Raises MeshwrightError when ``folder`` is not part of a checkout, or git is missing."""
        if not folder.is_dir():
            problem = "is not a folder" if folder.exists() else "does not exist"
            raise MeshwrightError(f"{folder}: {problem}; name the folder of a GitOps repository")
        said = _git(folder, "rev-parse", "--show-toplevel", "--is-shallow-repository")
        if said.returncode:
            reason = _first_line(said.stderr)
            if "not a git repository" in reason:
                raise MeshwrightError(
                    f"{folder}: not a Git checkout, so it has no revisions; run git init there"
                )
            raise MeshwrightError(f"{folder}: git refuses: {reason}")
        top, shallow = said.stdout.decode("utf-8", "surrogateescape").splitlines()[:2]
        return cls(folder, Path(top), shallow == "true")

    def resolve(self, revision: str) -> str:
        """The commit that a revision means. Raises MeshwrightError when there is no such one."""
        if revision.startswith("-") or not revision:
            raise MeshwrightError(f"'{revision}': not a revision")
        said = _git(
            self.folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"
        )
        if said.returncode == 0:
            return said.stdout.decode().strip()
        where = f"{self.folder}: no revision '{revision}'"
        if self.is_shallow:
            raise MeshwrightError(
                f"{where} in this shallow clone; run `git fetch --depth=1 origin {revision}`, "
                "or `git fetch --unshallow`"
            )
        if _git(self.folder, "rev-parse", "--verify", "--quiet", "HEAD").returncode:
            raise MeshwrightError(f"{where}: nothing is committed yet; commit first")
        raise MeshwrightError(f"{where}; `git fetch` may bring it, `git log --all` shows what is there")

    @contextmanager
    def files_at(self, revision: str) -> Iterator[Path]:
        """The folder as it is at ``revision``, in a temporary place; empty when it is not there yet.

        Contents are taken as they are in Git: no filter runs and no attribute leaves a file out.
        Raises MeshwrightError as ``resolve`` does, and when objects are missing in a partial clone.
        """
        commit = self.resolve(revision)
        with TemporaryDirectory(prefix="meshwright-") as name:
            folder = Path(os.path.realpath(name))
            self._write(commit, revision, folder)
            yield folder

    def _write(self, commit: str, revision: str, folder: Path) -> None:
        inside = os.path.relpath(os.path.realpath(self.folder), os.path.realpath(self.top)).replace(
            os.sep, "/"
        )
        tree = commit if inside == "." else f"{commit}:{inside}"
        listed = _git(self.folder, "ls-tree", "-r", "-z", "--full-tree", tree)
        if listed.returncode:
            return
        entries = [entry for entry in listed.stdout.split(b"\0") if entry]
        wanted: list[tuple[str, bytes, Path]] = []
        for entry in entries:
            about, _, path = entry.partition(b"\t")
            mode, _, digest = about.decode().split(" ")
            target = folder / os.fsdecode(path)
            if mode == _MODULE:
                target.mkdir(parents=True, exist_ok=True)
            else:
                wanted.append((mode, digest.encode(), target))
        self._copy(wanted, revision)

    def _copy(self, wanted: list[tuple[str, bytes, Path]], revision: str) -> None:
        """One process for all contents."""
        command = ["git", "-c", "core.fsmonitor=false", "cat-file", "--batch"]
        process = subprocess.Popen(
            command, cwd=self.folder, env=_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert process.stdin is not None
        assert process.stdout is not None
        asking = threading.Thread(target=_ask, args=(process.stdin, [digest for _, digest, _ in wanted]))
        asking.start()
        made: set[Path] = set()
        try:
            for mode, _, target in wanted:
                content = _answer(process.stdout)
                if content is None:
                    raise MeshwrightError(
                        f"{self.folder}: revision '{revision}' is not whole in this partial clone; "
                        f"run `git fetch --refetch --no-filter origin`"
                    )
                if target.parent not in made:
                    target.parent.mkdir(parents=True, exist_ok=True)
                    made.add(target.parent)
                if mode == _LINK:
                    target.symlink_to(os.fsdecode(content))
                else:
                    target.write_bytes(content)
        finally:
            process.stdout.close()
            process.kill()
            process.wait()
            asking.join()


def _ask(pipe: IO[bytes], digests: list[bytes]) -> None:
    try:
        with pipe:
            pipe.writelines(digest + b"\n" for digest in digests)
    except OSError:
        # The reader gave up, and says why.
        return


def _answer(pipe: IO[bytes]) -> bytes | None:
    """The content of one object; None when Git has it not."""
    header = pipe.readline().split()
    if len(header) != 3:
        return None
    content = pipe.read(int(header[2]))
    pipe.read(1)
    return content


def _git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    # A checkout's own configuration may name a program as fsmonitor: never run it.
    command = ["git", "-c", "core.fsmonitor=false", *arguments]
    try:
        return subprocess.run(command, cwd=folder, env=_environment(), capture_output=True, check=False)
    except FileNotFoundError:
        raise MeshwrightError("git is not on PATH; install it, revisions are read by it") from None


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in _UNSET}
    return {**kept, **_SET}


def _first_line(said: bytes) -> str:
    lines = said.decode("utf-8", "replace").strip().splitlines()
    return lines[0].removeprefix("fatal: ") if lines else "it says no reason"
