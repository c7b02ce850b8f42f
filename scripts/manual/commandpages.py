"""The page of commands and options, from the commands themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import typer

from meshwright.cli import app
from meshwright.errors import ExitCode
from scripts.markdown import shown

_MEANING = {
    ExitCode.CLEAN: "Done, or no errors",
    ExitCode.FINDINGS: "Errors were found, or `generate --check` or `diff --exit-code` found differences",
    ExitCode.COULD_NOT_RUN: "The command could not run; each line on standard error is one reason",
    ExitCode.CONFLICTS: "`update` or `promote` found conflicts",
}
# Every command has them; the page shows them once.
_COMMON = {"--help", "--quiet", "--verbose"}


def page() -> str:
    """The whole page docs/reference/commands.md."""
    return "".join(f"{line}\n" for line in _lines())


def _lines() -> Iterator[str]:
    root: Any = typer.main.get_command(app)
    context = root.make_context("meshwright", ["help"], resilient_parsing=True)
    yield "# Commands and options"
    yield ""
    yield "Generated from the program by `python -m scripts.manual.reference`."
    yield "[The command line](../command-line.md) explains what the commands have in common."
    yield ""
    yield "| every command | |"
    yield "|---|---|"
    for parameter in root.params:
        yield _row(parameter)
    yield "| `-h`, `--help` | Show the help and exit. |"
    for name in root.list_commands(context):
        yield from _command(root.load(name), f"meshwright {name}", context)
    yield ""
    yield "## Exit codes"
    yield ""
    yield "| code | meaning |"
    yield "|---|---|"
    for code in ExitCode:
        yield f"| {int(code)} | {_MEANING[code]} |"
    yield "| 130 | Stopped by Ctrl-C |"


def _command(command: Any, name: str, parent: Any) -> Iterator[str]:
    context = type(parent)(command, info_name=name.rpartition(" ")[2], parent=parent)
    shown = [it for it in command.params if not _COMMON & set(getattr(it, "opts", ()))]
    commands = getattr(command, "commands", {})
    is_run = not commands or getattr(command, "invoke_without_command", False)
    yield ""
    yield f"## {name}"
    yield ""
    yield _sentence(command.help or "")
    if is_run:
        yield ""
        yield "    " + " ".join([name, *command.collect_usage_pieces(context)]).replace("{", "").replace(
            "}", ""
        )
    if shown:
        yield ""
        yield "| option | |"
        yield "|---|---|"
        for parameter in shown:
            yield _row(parameter)
    for child in commands:
        yield from _command(commands[child], f"{name} {child}", context)


def _row(parameter: Any) -> str:
    names = [*parameter.opts, *parameter.secondary_opts]
    if parameter.param_type_name == "argument":
        shown = f"`{parameter.metavar or parameter.human_readable_name}`"
    else:
        value = "" if parameter.is_flag else f" {parameter.metavar or names[0].lstrip('-').upper()}"
        shown = ", ".join(f"`{name}{value}`" for name in sorted(names, key=lambda it: it.startswith("--")))
    # A bar ends a cell, also in code.
    shown = re.sub(r" \| ", "]` or `[", shown).replace("|", "` or `")
    return f"| {shown} | {_sentence(parameter.help or '')}{_choices(parameter)}{_default(parameter)} |"


def _default(parameter: Any) -> str:
    """The default as `--help` shows it; nothing where the description says it."""
    if not getattr(parameter, "show_default", False):
        return ""
    value = parameter.default
    if parameter.secondary_opts and isinstance(value, bool):
        value = (parameter.opts if value else parameter.secondary_opts)[-1]
    return f" Default: `{value}`." if value not in (None, False, "") else ""


def _choices(parameter: Any) -> str:
    """The values of an option that takes one of a few, unless its placeholder or description names them."""
    choices = [] if parameter.metavar else getattr(parameter.type, "choices", ())
    return f" One of {', '.join(f'`{choice}`' for choice in choices)}." if choices else ""


def _sentence(text: str) -> str:
    return shown(" ".join(text.split())).replace("|", "\\|")
