"""The command line itself: lazy commands, help, and usage errors."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from meshwright.cli import _Commands, app
from meshwright.ending import reason
from meshwright.inert import harmless
from support.commands import commands, groups_and_commands
from support.hostile_text import HOSTILE, what_is_obeyed

WIDTH = 80


def run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "meshwright", *words]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=60, check=False)


def imported_by(*words: str) -> set[str]:
    """The modules of the package that a call imports."""
    code = (
        "import sys; from meshwright.cli import app\n"
        f"app({list(words)}, standalone_mode=False)\n"
        "print('|', *(name for name in sys.modules if name.startswith('meshwright')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.rpartition("|")[2].split())


LIGHT = {
    "meshwright",
    *(f"meshwright.{name}" for name in ("cli", "commands", "commands.group", "deadline", "ending", "errors")),
    *(f"meshwright.{name}" for name in ("inert", "printing", "progress")),
}


@pytest.mark.parametrize("words", [("--version",), ("--help",)], ids=str)
def test_no_command_is_imported_before_it_is_called(words: tuple[str, ...]) -> None:
    assert imported_by(*words) == LIGHT


@pytest.mark.parametrize("name", _Commands.summaries)
def test_the_help_of_a_command_imports_only_its_own_module(name: str) -> None:
    shared = ("candidates", "options", "staged")
    own = {"bounded", "words", *(f"commands.{module}" for module in (*shared, name))}

    found = imported_by(name, "--help") - LIGHT - {f"meshwright.{module}" for module in own}

    assert {module for module in found if not module.startswith(f"meshwright.commands.{name}.")} == set()


@pytest.mark.parametrize("words", groups_and_commands())
def test_help_fits_a_terminal(words: str) -> None:
    """No line is too long, and no command's summary is cut."""
    said = CliRunner().invoke(app, [*words.split(), "--help"], terminal_width=WIDTH)

    assert said.exit_code == 0
    assert [line for line in said.stdout.splitlines() if len(line) > WIDTH] == []
    _, _, commands = said.stdout.partition("\nExamples:\n")[0].partition("\nCommands:\n")
    commands = commands.strip()
    assert [line for line in commands.splitlines() if not line.endswith(".") or line.endswith("...")] == []


@pytest.mark.parametrize("words", groups_and_commands())
def test_help_ends_with_examples_that_parse_and_with_the_manual(words: str, root: Path) -> None:
    said = CliRunner().invoke(app, [*words.split(), "-h"])

    assert said.stdout == CliRunner().invoke(app, [*words.split(), "--help"]).stdout
    assert said.stdout == CliRunner().invoke(app, ["help", *words.split()]).stdout
    examples, _, manual = said.stdout.partition("\nExamples:\n")[2].partition("\n\n")
    assert examples
    for line in examples.splitlines():
        program, *given = shlex.split(line.split(" > ")[0], comments=True)
        assert program == "meshwright"
        assert parsed(given).startswith(words)
    place = re.fullmatch(r"Manual: https://github\.com/meshwright/meshwright/blob/main/(\S+)\n", manual)
    assert place
    assert (root / place[1]).is_file()


def parsed(given: list[str]) -> str:
    """The words of the command that takes these arguments; raises a usage error if none does."""
    context = typer.main.get_command(app).make_context("meshwright", [*given])
    command: Any = context.command
    found = []
    while hasattr(command, "resolve_command"):
        name, command, rest = command.resolve_command(context, context._protected_args + context.args)
        found.append(name)
        context = command.make_context(name, rest, parent=context)
    return " ".join(found)


@pytest.mark.parametrize("words", commands())
def test_every_command_takes_the_common_options(words: str) -> None:
    options = {option for param in commands()[words].params for option in param.opts}

    assert {"-q", "--quiet", "-v", "--verbose"} <= options
    assert ("-C" in options) == (words not in ("new", "tools", "completion", "help"))


@pytest.mark.parametrize("name", _Commands.summaries)
def test_the_list_of_commands_says_what_each_says_itself(name: str) -> None:
    assert groups_and_commands()[name].get_short_help_str(WIDTH) == _Commands.summaries[name]


@pytest.mark.parametrize("words", [(), ("app",)], ids=str)
def test_without_a_command_there_is_help(words: tuple[str, ...]) -> None:
    said = run(*words)

    assert said.returncode == 2
    assert said.stdout == run(*words, "--help").stdout
    assert said.stderr == ""


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("-x", "no such option: -x; see {} --help"),
        ("-q", "missing command; see {} --help"),
        ("generate -x", "no such option: -x; see {} generate --help"),
        ("check --formt text", "no such option: --formt; did you mean --format? See {} check --help"),
        ("chekc", "no such command 'chekc'; did you mean 'check'? See {} --help"),
        ("nothing", "no such command 'nothing'; see {} --help"),
        ("check a b", "unexpected arguments (b); see {} check --help"),
        ("check --format", "option '--format' requires an argument; see {} check --help"),
        ("check --severity x", "invalid value for '--severity': 'x' is not one of 'info', 'warning', "
                               "'error'; see {} check --help"),
        ("generate --timeout x", "invalid value for '--timeout': 'x' is not an integer; "
                                 "see {} generate --help"),
        ("trust rotate", "missing option '--stage' (1: trust both anchors; 2: restart; 3: sign with the new "
                         "anchor; 4: remove the old one); see {} trust rotate --help"),
        ("trust -x", "no such option: -x; see {} trust show --help"),
        ("trust rotate --stage 9", "invalid value for '--stage': 9 is not in the range 1<=x<=4; "
                                   "see {} trust rotate --help"),
        ("tools --format", "option '--format' requires an argument; see {} tools --help"),
        ("app lst", "no such command 'lst'; did you mean 'list'? See {} app --help"),
        ("completion ksh", "invalid value for '[SHELL]': 'ksh' is not one of 'bash', 'zsh', 'fish', "
                           "'powershell', 'pwsh'; see {} completion --help"),
        ("app add", "missing argument 'NAME', or --all; see {} app add --help"),
        ("help trust rotat", "no such command 'rotat'; did you mean 'rotate'? See {} trust --help"),
        ("help nothing", "no such command 'nothing'; see {} --help"),
    ],
)  # fmt: skip
def test_usage_errors_are_one_line(words: str, line: str) -> None:
    said = run(*words.split())

    assert said.returncode == 2
    assert said.stdout == ""
    assert said.stderr == f"meshwright: {line.format('python -m meshwright')}\n"


PLACES = ((), ("check",), ("check", "--severity"), ("check", "--timeout"), ("app",), ("trust", "show"))


@pytest.mark.parametrize("word", HOSTILE, ids=str)
def test_usage_errors_are_text_alone(word: str) -> None:
    for place in PLACES:
        for prefix in ("", "-", "--", "--format="):
            with pytest.raises(typer.TyperException) as caught:
                app([*place, prefix + HOSTILE[word], "x", "y"], standalone_mode=False)
            said = harmless(f"meshwright: {reason(caught.value)}")
            assert what_is_obeyed(said) == []
            assert "\n" not in said
