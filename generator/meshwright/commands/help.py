"""``meshwright help``: shows the help of a command, as its option --help does."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from meshwright.commands.group import Command, new_cli, see_also
from meshwright.errors import ExitCode, MeshwrightError
from meshwright.printing import tell
from meshwright.words import did_you_mean

cli = new_cli()


@cli.command(
    "help",
    cls=Command,
    epilog=see_also("command-line.md", "meshwright help check", "meshwright help app add"),
)
def show_help(
    context: typer.Context,
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[COMMAND]...", help="The command, such as app add.")
    ] = None,
) -> ExitCode:
    """Show the help of a command."""
    place: Any = context.find_root()
    command: Any = place.command
    for word in words or ():
        below = getattr(command, "commands", {})
        if word not in below:
            hint = did_you_mean(word, below)
            see = f"{' See' if hint else '; see'} {place.command_path} --help"
            raise MeshwrightError(f"no such command '{word}'{hint}{see}")
        load = getattr(command, "load", None)
        command = load(word) if load else below[word]
        place = typer.Context(command, parent=place, info_name=word)
    tell(f"{command.get_help(place)}\n")
    return ExitCode.CLEAN
