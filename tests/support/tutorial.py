"""A tutorial as a reader follows it: files are written, commands run in a shell, output is compared."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

# What a block of a page is, in the comment above its fence; a `console` block without one is run.
_FENCE = re.compile(
    r"(?:^<!-- (?P<mark>[^\n]+) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
RUN_HERE = {"meshwright", "git", "cd", "cat", "ls"}
# Marks of blocks that are not run, and the programs that they may name: none of those that run here.
ELSEWHERE = {
    "on the cluster": {
        *(
            "curl",
            "flux",
            "kubectl",
            "linkerd",
            "sudo",
            "helm",
            "argocd",
            "htpasswd",
            "export",
            "ssh",
            "open",
        ),
    },
    "from the network": {"uv", "meshwright tools"},
}
SKIPPED = "…"


@dataclass(frozen=True)
class Block:
    """``line`` is that of the fence; ``mark`` the comment above it, or empty."""

    line: int
    mark: str
    language: str
    text: str

    def commands(self) -> list[tuple[str, list[str]]]:
        """Each command with the lines that it prints. A backslash continues a command."""
        found: list[tuple[str, list[str]]] = []
        for line in self.text.splitlines():
            if found and found[-1][0].endswith("\\"):
                found[-1] = (f"{found[-1][0][:-1].rstrip()} {line.strip()}", [])
            elif line.startswith("$ "):
                found.append((line[2:], []))
            else:
                assert found, f"line {self.line}: '{line}' is above the first command"
                found[-1][1].append(line)
        return found


def blocks(page: str) -> list[Block]:
    """Every fenced block of a page, in order."""
    return [
        Block(
            page.count("\n", 0, match.start()) + 1,
            match["mark"] or "",
            match["language"],
            match["text"],
        )
        for match in _FENCE.finditer(page)
    ]


def is_shown(expected: list[str], printed: list[str]) -> bool:
    """Whether a page shows what was printed: a line with an ellipsis alone stands for any lines."""
    if not expected:
        return not printed
    if expected[0] == SKIPPED:
        return any(is_shown(expected[1:], printed[at:]) for at in range(len(printed) + 1))
    return bool(printed) and printed[0] == expected[0] and is_shown(expected[1:], printed[1:])


@dataclass
class Reader:
    """Somebody who follows the page. ``ran`` are the commands so far."""

    folder: Path
    environment: Mapping[str, str]
    ran: list[str] = field(default_factory=list)

    def follow(self, block: Block) -> list[str]:
        """Do what the block says; one line for each difference from the page."""
        if block.mark.startswith("file: "):
            file = self.folder / block.mark.removeprefix("file: ")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text, encoding="utf-8")
            return []
        faults = []
        for command, expected in block.commands():
            printed = self._run(command)
            if not is_shown(expected, printed):
                faults.append("\n".join([f"line {block.line}: $ {command}", *printed]))
        return faults

    def _run(self, command: str) -> list[str]:
        self.ran.append(command)
        name, _, rest = command.partition(" ")
        if name == "cd":
            self.folder = self.folder / rest
            return []
        # Both streams in one, as on a terminal.
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert "Traceback" not in done.stdout, done.stdout
        return done.stdout.splitlines()
