"""Somebody who works with the installed program: in the shell, at a terminal, in an editor."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from support.terminal import Terminal
from support.upgrades import commit, git, take


@dataclass(frozen=True)
class Seen:
    """What a command showed, standard output before standard error, and its exit status."""

    status: int
    text: str

    def __contains__(self, line: str) -> bool:
        return line in self.text


@dataclass(frozen=True)
class User:
    """``template`` is the folder that the public URL leads to."""

    folder: Path
    environment: Mapping[str, str]
    template: Path

    def into(self, folder: str) -> User:
        """The same person after ``cd``."""
        return replace(self, folder=self.folder / folder)

    def meshwright(self, words: str, status: int = 0) -> Seen:
        """Run ``meshwright`` without a terminal; fails when it ends with another status."""
        done = subprocess.run(
            ["meshwright", *shlex.split(words)],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        seen = Seen(done.returncode, done.stdout + done.stderr)
        assert "Traceback" not in seen.text, seen.text
        assert seen.status == status, f"meshwright {words}: {seen.status}\n{seen.text}"
        return seen

    def at_terminal(self, *words: str, columns: int = 80) -> Terminal:
        """Run ``meshwright`` on a terminal."""
        program = ["meshwright", *words]
        return Terminal(program, folder=self.folder, environment=self.environment, columns=columns)

    def edit(self, *steps: Mapping[str, Any]) -> None:
        """Change files, as the steps of ``support.upgrades`` say."""
        take(self.folder, steps)

    def commit(self) -> None:
        """Commit everything."""
        commit(self.folder)

    def undo(self) -> None:
        """Go back to the last commit."""
        git(self.folder, "reset", "--quiet", "--hard")
        git(self.folder, "clean", "--quiet", "-fd")

    def tries(self, mistakes: Sequence[Mapping[str, Any]]) -> None:
        """Make each mistake, see what is said about it, and take it back."""
        for mistake in mistakes:
            self.edit(*mistake["do"])
            seen = self.meshwright(mistake["run"], status=mistake["status"])
            missing = [line for line in mistake["see"] if line not in seen]
            assert not missing, f"{mistake['name']}: no {missing} in\n{seen.text}"
            self.undo()
