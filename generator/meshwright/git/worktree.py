"""A folder of a Git checkout, and git run in it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from meshwright.errors import MeshwrightError
from meshwright.git.checkout import Embedded, common_dir_of, find_top, git_dir_of
from meshwright.git.command import command, environment
from meshwright.git.drivers import Settings, parse_config, silenced
from meshwright.git.pipes import first_pipe
from meshwright.inert import printable

if TYPE_CHECKING:
    from meshwright.programs import Ended

_SECONDS = 120
_PATIENCE = 10
# Far above what the largest checkout needs; stops git when one of its files is an endless device.
_MEMORY = 2 * 2**30


class NoRevision(MeshwrightError):
    """A name that is not a revision of the checkout."""


class GitFailure(MeshwrightError):
    """A failed git command, with its first error line."""


@dataclass(frozen=True)
class WorkTree:
    """``folder`` is a real path in the checkout with the top folder ``top``."""

    folder: Path
    top: Path

    @classmethod
    def of(cls, folder: Path) -> WorkTree:
        """The checkout of a folder. Raises NotACheckout, Embedded."""
        real = Path(os.path.realpath(folder))
        return cls(real, find_top(real))

    @property
    def prefix(self) -> str:
        """The path from ``top`` to ``folder``: empty, or with a trailing slash."""
        return "" if self.folder == self.top else f"{self.folder.relative_to(self.top).as_posix()}/"

    @property
    def environment(self) -> dict[str, str]:
        """Variables that keep git in this checkout, whatever its configuration says."""
        return {"GIT_WORK_TREE": str(self.top), "GIT_CEILING_DIRECTORIES": str(self.top.parent)}

    @cached_property
    def settings(self) -> Settings:
        """Settings that disable filters, for a command that compares or writes files.

        Raises Embedded if the configured work tree is elsewhere, GitFailure if it cannot be read.
        """
        listing = list(parse_config(self.checked("config", "--null", "--list").output))
        self._refuse_elsewhere([value for key, value in listing if key == "core.worktree"])
        return silenced(key for key, _ in listing)

    def run(
        self,
        *arguments: str,
        given: bytes = b"",
        compares: bool = False,
        more: dict[str, str] | None = None,
        seconds: float = _SECONDS,
    ) -> Ended:
        """Run git in the folder, whatever its exit status; ``compares`` if it reads the contents of files.

        Raises GitFailure if it cannot be started or does not end, and MissingGit.
        """
        from meshwright.programs import Bounds, ProgramTimeout, run

        words = command(*arguments, settings=self.settings if compares else ())
        # git almost always ends within seconds; if it does not, look for a named pipe that blocks it.
        for patience in (min(_PATIENCE, seconds), seconds):
            try:
                return run(
                    words,
                    folder=self.folder,
                    environment={**environment(), **self.environment, **(more or {})},
                    seconds=patience,
                    given=given,
                    bounds=Bounds(memory=_MEMORY),
                )
            except (OSError, ProgramTimeout) as error:
                failure = GitFailure(f"{self.folder}: git {arguments[0]}: {printable(str(error))}")
                if isinstance(error, OSError) or patience == seconds:
                    break
                if pipe := first_pipe(self.top):
                    said = f"{printable(pipe)} is a named pipe, and git waits for its content; remove it"
                    failure = GitFailure(f"{self.folder}: {said}")
                    break
        raise failure

    def checked(
        self,
        *arguments: str,
        given: bytes = b"",
        compares: bool = False,
        more: dict[str, str] | None = None,
    ) -> Ended:
        """Run git as ``run`` does. Raises GitFailure also if it fails."""
        ended = self.run(*arguments, given=given, compares=compares, more=more)
        if ended.status:
            raise GitFailure(f"{self.folder}: git failed: {first_error(ended.stderr)}")
        return ended

    def commit(self, revision: str) -> str:
        """The commit of a revision. Raises NoRevision."""
        if not revision or revision.startswith("-"):
            raise NoRevision(f"'{printable(revision)}': not a revision")
        verify = ("rev-parse", "--verify", "--quiet", "--end-of-options")
        ended = self.run(*verify, f"{revision}^{{commit}}")
        if ended.status:
            raise NoRevision(f"{self.folder}: no revision '{printable(revision)}'")
        return ended.output.decode().strip()

    def text(self, *arguments: str) -> str:
        """The output of git without the trailing line feed. Raises GitFailure."""
        return self.checked(*arguments).output.decode("utf-8", "surrogateescape").removesuffix("\n")

    def _refuse_elsewhere(self, worktrees: list[str]) -> None:
        git_dir = git_dir_of(self.top)
        if not worktrees or common_dir_of(git_dir) != git_dir:
            # In a linked work tree the setting belongs to the main one.
            return
        if Path(os.path.realpath(git_dir / worktrees[-1])) != self.top:
            raise Embedded(
                f"{self.top}: its Git configuration says that its files are elsewhere "
                f"(core.worktree = {printable(worktrees[-1])}); run git config --unset core.worktree"
            )


def first_error(said: bytes | str) -> str:
    """Git's first line marked as an error, else its first line, printable."""
    text = said if isinstance(said, str) else said.decode("utf-8", "replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    marked = [line for line in lines if line.startswith(("fatal:", "error:"))]
    return printable(
        (marked or lines or ["no reason given"])[0].removeprefix("fatal: ").removeprefix("error: ")
    )
