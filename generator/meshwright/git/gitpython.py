"""Git for updates: GitPython runs it, with bytes in and out and the settings of every other git command."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from meshwright.errors import MeshwrightError
from meshwright.git.command import MissingGit, command, environment, program
from meshwright.git.drivers import Settings, parse_config, silenced
from meshwright.git.worktree import GitFailure, WorkTree, first_error

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
    """A finished git command: exit status, stdout and stderr."""

    status: int
    output: bytes
    stderr: str

    @property
    def text(self) -> str:
        """The output without trailing line feeds; names that are not UTF-8 survive a round trip."""
        return self.output.decode("utf-8", "surrogateescape").rstrip("\n")


@dataclass(frozen=True)
class Git:
    """Runs git in ``folder``; ``environment`` selects the repository, ``settings`` disable filters.

    ``fetches`` allows access to other repositories.
    """

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    settings: Settings = ()
    fetches: bool = False

    @classmethod
    def at(cls, tree: WorkTree) -> Git:
        """Git in a checkout. Raises MeshwrightError if its configuration cannot be trusted."""
        return cls(tree.folder, tree.environment, tree.settings)

    @classmethod
    def bare(cls, folder: Path, settings: Settings = ()) -> Git:
        """Git in a bare repository that Meshwright created."""
        return cls(folder, {"GIT_DIR": str(folder)}, settings)

    def with_environment(self, **more: str) -> Git:
        """A copy with more environment variables."""
        return replace(self, environment={**self.environment, **more})

    def fetching(self) -> Git:
        """A copy that may access other repositories."""
        return replace(self, fetches=True)

    def run(self, *arguments: str | Path, given: bytes | None = None, handles: Sequence[int] = ()) -> Done:
        """Run a command, whatever its exit status; ``given`` is its standard input.

        A command that inherits ``handles`` has its own session: it completes if Meshwright is killed.
        """
        require_git()
        import git

        words = command(*arguments, settings=self.settings)
        with tempfile.TemporaryFile() as stdin, _only(environment(fetches=self.fetches)):
            if given is not None:
                stdin.write(given)
                stdin.seek(0)
            status, output, stderr = git.Git(str(self.folder)).execute(
                words,
                istream=stdin,
                with_extended_output=True,
                with_exceptions=False,
                stdout_as_string=False,
                strip_newline_in_stdout=False,
                # No limit for fetches: the user may have to touch a key, and a history may be long.
                kill_after_timeout=None if self.fetches else _SECONDS,
                env={**_IDENTITY, **self.environment},
                start_new_session=bool(handles),
                pass_fds=tuple(handles),
            )
        said = stderr if isinstance(stderr, str) else bytes(stderr).decode("utf-8", "replace")
        if int(status) < 0:
            said = f"error: it was killed after {_SECONDS} s or by a signal"
        return Done(int(status), bytes(output), said)

    def __call__(self, *arguments: str | Path, given: bytes | None = None) -> str:
        """Run a command and return its output. Raises GitFailure if it fails."""
        return self.checked(*arguments, given=given).text

    def filters_off(self) -> Settings:
        """Settings that disable every filter that git's configuration names here. Raises MeshwrightError."""
        listing = self.checked("config", "--null", "--list").output
        return silenced(key for key, _ in parse_config(listing))

    def checked(self, *arguments: str | Path, given: bytes | None = None) -> Done:
        """Run a command. Raises GitFailure if it fails."""
        done = self.run(*arguments, given=given)
        if done.status:
            raise GitFailure(f"git {arguments[0]}: {first_error(done.stderr)}")
        return done


@contextmanager
def _only(wanted: Mapping[str, str]) -> Iterator[None]:
    """Replace the process's environment for a moment, because GitPython adds its own variables to that."""
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
    """Git's version. Raises MeshwrightError if git is missing or older than 2.38."""
    try:
        where = program()
    except MissingGit:
        raise MeshwrightError(
            "install git 2.38 or newer: git is not on PATH, and an update merges with it"
        ) from None
    # GitPython runs git on import; make that this git, without ten lines of advice if it fails.
    refresh = {"GIT_PYTHON_REFRESH": "quiet", "GIT_PYTHON_GIT_EXECUTABLE": where}
    with _only({**environment(), **refresh}):
        import git

        try:
            said = str(git.Git().execute([where, "--version"]))
        except (git.GitCommandNotFound, git.GitCommandError):
            raise MeshwrightError(f"install git 2.38 or newer: {where} does not run") from None
    version = tuple(int(number) for number in re.findall(r"\d+", said)[:3])
    if version < LEAST_GIT:
        raise MeshwrightError(
            f"{said} is too old: `git merge-tree --write-tree` needs 2.38; "
            "install a newer git, or use plain `copier update`"
        )
    return version
