"""Every command that a page shows exists, with its options."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from commands.test_cli import parsed

# What ends the words of one command in a shell.
_ENDS = ("|", ">", ">>", "&&", "…")
# Patterns of commands, such as `meshwright app show [OPTIONS] NAME`, and commands that stop at their help.
_PATTERN = re.compile(r"\[OPTIONS\]|\bCOMMAND\b| -h$|meshwright …")


def shown(page: str) -> Iterator[str]:
    """The command lines in the blocks and the inline code of a page."""
    fenced = re.findall(r"^```(?:console|bash|sh)?\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    indented = re.findall(r"^ {4,}(.*)$", page, re.MULTILINE)
    for block in (*fenced, "\n".join(line.lstrip() for line in indented)):
        yield from re.findall(
            r"^(?:\$ |- run: |run: )?(meshwright .*)$", block.replace("\\\n", " "), re.MULTILINE
        )
    yield from (" ".join(code.split()) for code in re.findall(r"`(meshwright [^`]*)`", page))


def fault(line: str) -> str:
    """Why no command takes this line; empty if one does. A line in a sentence may leave out an argument."""
    words = shlex.split(line, comments=True)
    end = min((words.index(word) for word in _ENDS if word in words), default=len(words))
    try:
        parsed(words[1:end])
    except typer.TyperException as error:
        text = error.format_message()
        return "" if re.search(r"(?i)missing|requires an argument", text) else text
    except typer.Exit as done:
        return "" if done.exit_code == 0 else f"exit {done.exit_code}"
    return ""


def test_every_command_on_a_page_exists(root: Path) -> None:
    pages = [*root.glob("*.md"), *(root / "docs").rglob("*.md"), *(root / "examples").rglob("*.md")]
    lines = {line for page in pages for line in shown(page.read_text(encoding="utf-8"))}
    wanted = sorted(line for line in lines if not _PATTERN.search(line))

    assert len(wanted) > 120
    assert {line: why for line in wanted if (why := fault(line))} == {}


@pytest.mark.parametrize(
    "page",
    [
        "Run `meshwright chek`.",
        "```console\n$ meshwright check --oder\n```",
        "Then:\n\n    meshwright update --anwsers nodes=3 | tail\n",
        "```yaml\n- run: meshwright check\n```\n\n    meshwright diff a b c\n",
    ],
)
def test_a_command_that_does_not_exist_is_found(page: str) -> None:
    [line, *_] = [line for line in shown(page) if fault(line)]

    assert line.startswith("meshwright ")
