"""Git as the update uses it: GitPython's runner, bytes in and out, behind the same settings as all of git."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from meshwright.errors import MeshwrightError
from meshwright.git.command import MissingGit, command, environment, program
from meshwright.git.drivers import Settings
from meshwright.git.worktree import GitFailure, WorkTree, complaint_of

# merge-tree --write-tree came with it.
LEAST_GIT = (2, 38)
_SECONDS = 300
_IDENTITY = {
    "GIT_AUTHOR_NAME": "Meshwright",
    "GIT_AUTHOR_EMAIL": "meshwright@localhost",
    "GIT_COMMITTER_NAME": "Meshwright",
    "GIT_COMMITTER_EMAIL": "meshwright@localhost",
}


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
    """Runs git in ``folder``; ``environment`` names the repository, ``settings`` keep filters still.

    ``fetches`` lets it reach other repositories.
    """

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    settings: Settings = ()
    fetches: bool = False

    @classmethod
    def at(cls, tree: WorkTree) -> Git:
        """Git in a checkout. Raises MeshwrightError when its configuration cannot be trusted."""
        return cls(tree.folder, tree.environment, tree.settings)

    @classmethod
    def bare(cls, folder: Path, settings: Settings = ()) -> Git:
        """Git in a bare repository of our own."""
        return cls(folder, {"GIT_DIR": str(folder)}, settings)

    def with_environment(self, **more: str) -> Git:
        """The same with more environment variables."""
        return replace(self, environment={**self.environment, **more})

    def fetching(self) -> Git:
        """The same, and it may reach other repositories."""
        return replace(self, fetches=True)

    def run(self, *arguments: str | Path, given: bytes | None = None) -> Done:
        """Run a command, whatever its exit status; ``given`` is its standard input."""
        require_git()
        import git

        words = command(*arguments, settings=self.settings)
        with tempfile.TemporaryFile() as stdin, _only(environment(fetches=self.fetches)):
            if given is not None:
                stdin.write(given)
                stdin.seek(0)
            status, output, complaint = git.Git(str(self.folder)).execute(
                words,
                istream=stdin,
                with_extended_output=True,
                with_exceptions=False,
                stdout_as_string=False,
                strip_newline_in_stdout=False,
                # A person may have to touch a key, and a history may be long: only what is local is bounded.
                kill_after_timeout=None if self.fetches else _SECONDS,
                env={**_IDENTITY, **self.environment},
            )
        said = complaint if isinstance(complaint, str) else bytes(complaint).decode("utf-8", "replace")
        if int(status) < 0:
            said = f"error: it was ended after {_SECONDS} s or by a signal"
        return Done(int(status), bytes(output), said)

    def __call__(self, *arguments: str | Path, given: bytes | None = None) -> str:
        """Run a command and give its output. Raises GitFailure when it fails."""
        return self.checked(*arguments, given=given).text

    def checked(self, *arguments: str | Path, given: bytes | None = None) -> Done:
        """Run a command. Raises GitFailure when it fails."""
        done = self.run(*arguments, given=given)
        if done.status:
            raise GitFailure(f"git {arguments[0]}: {complaint_of(done.complaint)}")
        return done


@contextmanager
def _only(wanted: Mapping[str, str]) -> Iterator[None]:
    """Make ``wanted`` the process's environment for a moment: GitPython lays its own over that."""
    kept = dict(os.environ)
    try:
        for name in kept.keys() - wanted.keys():
            del os.environ[name]
        os.environ.update(wanted)
        yield
    finally:
        for name in os.environ.keys() - kept.keys():
            del os.environ[name]
        os.environ.update(kept)


@cache
def require_git() -> tuple[int, ...]:
    """Git's version. Raises MeshwrightError when there is no git, or one before 2.38."""
    try:
        where = program()
    except MissingGit:
        raise MeshwrightError(
            "git is not on PATH: an update merges with it; install git 2.38 or newer"
        ) from None
    # The import runs git by itself: this one, and without ten lines of advice when it fails.
    told = {"GIT_PYTHON_REFRESH": "quiet", "GIT_PYTHON_GIT_EXECUTABLE": where}
    with _only({**environment(), **told}):
        import git

        try:
            said = str(git.Git().execute([where, "--version"]))
        except (git.GitCommandNotFound, git.GitCommandError):
            raise MeshwrightError(f"{where} does not run; install git 2.38 or newer") from None
    version = tuple(int(number) for number in re.findall(r"\d+", said)[:3])
    if version < LEAST_GIT:
        raise MeshwrightError(
            f"{said} is too old: `git merge-tree --write-tree` came with 2.38; "
            "install a newer git, or use plain `copier update`"
        )
    return version
