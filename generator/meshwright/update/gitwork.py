"""Git as the update uses it: GitPython's runner, bytes in and out, no program that a checkout configures."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from meshwright.errors import MeshwrightError

# merge-tree --write-tree came with it.
LEAST_GIT = (2, 38)
# A checkout's own configuration may name a program to run: never run it, and never ask a person.
_SAFE = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "gc.auto=0")
_ENVIRONMENT = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "LC_ALL": "C",
    "GIT_AUTHOR_NAME": "Meshwright",
    "GIT_AUTHOR_EMAIL": "meshwright@localhost",
    "GIT_COMMITTER_NAME": "Meshwright",
    "GIT_COMMITTER_EMAIL": "meshwright@localhost",
}
# Set inside hooks, these would lead every call here to another repository.
_FOREIGN = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX")


class GitFailure(MeshwrightError):
    """A git command that failed, with its first line of complaint."""


@dataclass(frozen=True)
class Done:
    """A finished git command: exit status and what it printed."""

    status: int
    output: bytes
    complaint: str

    @property
    def text(self) -> str:
        """The output without its last line feed; a name that is no UTF-8 survives a way back."""
        return self.output.decode("utf-8", "surrogateescape").rstrip("\n")


@dataclass(frozen=True)
class Git:
    """Runs git in ``folder``; ``environment`` may name another repository or index."""

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def with_environment(self, **more: str) -> Git:
        """The same with more environment variables."""
        return Git(self.folder, {**self.environment, **more})

    def run(self, *arguments: str | Path, given: bytes | None = None) -> Done:
        """Run a command, whatever its exit status; ``given`` is its standard input."""
        require_git()
        import git

        command: Sequence[str] = ["git", *_SAFE, *map(str, arguments)]
        # GitPython lays this over the process's own environment.
        environment = {**_ENVIRONMENT, **self.environment}
        with tempfile.TemporaryFile() as stdin, _without(_FOREIGN):
            if given is not None:
                stdin.write(given)
                stdin.seek(0)
            status, output, complaint = git.Git(str(self.folder)).execute(
                command,
                istream=stdin,
                with_extended_output=True,
                with_exceptions=False,
                stdout_as_string=False,
                strip_newline_in_stdout=False,
                env=environment,
            )
        said = complaint if isinstance(complaint, str) else bytes(complaint).decode("utf-8", "replace")
        return Done(int(status), bytes(output), said)

    def __call__(self, *arguments: str | Path, given: bytes | None = None) -> str:
        """Run a command and give its output. Raises GitFailure when it fails."""
        return self.checked(*arguments, given=given).text

    def checked(self, *arguments: str | Path, given: bytes | None = None) -> Done:
        """Run a command. Raises GitFailure when it fails."""
        done = self.run(*arguments, given=given)
        if done.status:
            raise GitFailure(f"git {arguments[0]}: {first_line(done.complaint)}")
        return done


class _without:  # noqa: N801 - a context manager, named as it reads
    """Takes variables out of the process's environment for a moment."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self._kept: dict[str, str] = {}

    def __enter__(self) -> None:
        self._kept = {name: os.environ.pop(name) for name in self._names if name in os.environ}

    def __exit__(self, *_: object) -> None:
        os.environ.update(self._kept)


def first_line(complaint: str) -> str:
    """What git says first that tells something: the line of the error, when it marks one."""
    lines = [line.strip() for line in complaint.splitlines() if line.strip()]
    marked = [line for line in lines if line.startswith(("fatal:", "error:"))]
    return re.sub(r"^(fatal|error): ", "", (marked or lines or ["no reason given"])[0])


@cache
def require_git() -> tuple[int, ...]:
    """Git's version. Raises MeshwrightError when there is no git, or one before 2.38."""
    # Without it the import fails where there is no git, with ten lines of advice.
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    import git

    try:
        said = str(git.Git().execute(["git", "--version"]))
    except (git.GitCommandNotFound, git.GitCommandError):
        raise MeshwrightError(
            "git is not on PATH: an update merges with it; install git 2.38 or newer"
        ) from None
    version = tuple(int(number) for number in re.findall(r"\d+", said)[:3])
    if version < LEAST_GIT:
        raise MeshwrightError(
            f"{said} is too old: `git merge-tree --write-tree` came with 2.38; "
            "install a newer git, or use plain `copier update`"
        )
    return version
