"""``meshwright tools``: lists the tools with their versions and origins, and installs missing ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from meshwright.commands.group import Command, new_cli, see_also
from meshwright.commands.options import Format
from meshwright.errors import ExitCode, MeshwrightError
from meshwright.inert import json_text, printable
from meshwright.printing import complain, emit, tell, terminal

if TYPE_CHECKING:
    from meshwright.tools import Tool

cli = new_cli()
_MISSING = "missing"


@dataclass(frozen=True)
class Listed:
    """One row of the list: the tool, or why it was not found."""

    name: str
    wanted: str
    tool: Tool | None
    problem: str = ""

    @property
    def cells(self) -> tuple[str, ...]:
        """The row as text."""
        if self.tool is None:
            return (self.name, self.wanted, _MISSING, "-", "-")
        return (self.name, self.wanted, self.tool.version, self.tool.source, str(self.tool.path))


_HEADINGS = ("tool", "wanted", "found", "from", "path")


@cli.command(
    cls=Command,
    epilog=see_also(
        "tools.md",
        "meshwright tools",
        "meshwright tools --install",
    ),
)
def tools(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[TOOL]...", help="Tools to list; by default all.")
    ] = None,
    output: Format = "text",
    install: Annotated[bool, typer.Option("--install", help="Download or build missing tools.")] = False,
) -> ExitCode:
    """List or install kustomize, kubeconform and helm.

    Each is listed with its version and origin. The exit code is 2 if one is missing.
    """
    # Imported here, so that the help comes without them.
    from meshwright.tools import ensure, locate
    from meshwright.tools.catalog import TOOLS, tool_spec, wanted_version

    for name in names or ():
        tool_spec(name)
    find = ensure if install else locate
    listed = []
    for name in names or TOOLS:
        try:
            listed.append(Listed(name, wanted_version(name), find(name)))
        except MeshwrightError as error:
            listed.append(Listed(name, wanted_version(name), None, str(error)))
    if output == "json":
        emit(f"{json_text(_as_data(listed))}\n")
    elif terminal():
        _print_table(listed)
    else:
        _print_columns(listed)
    problems = [line.problem for line in listed if line.tool is None]
    for problem in problems:
        complain(f"meshwright: {problem}\n")
    return ExitCode.COULD_NOT_RUN if problems else ExitCode.CLEAN


def _as_data(listed: list[Listed]) -> dict[str, object]:
    """Version 1 of the JSON format; a missing tool has null for everything that describes a found one."""
    return {
        "version": 1,
        "tools": [
            {
                "name": line.name,
                "wanted": line.wanted,
                "found": line.tool.version if line.tool else None,
                "origin": line.tool.origin.value if line.tool else None,
                "detail": line.tool.detail if line.tool else None,
                "path": str(line.tool.path) if line.tool else None,
                "problem": line.problem or None,
            }
            for line in listed
        ],
    }


def _print_columns(listed: list[Listed]) -> None:
    rows = [_HEADINGS, *(tuple(map(printable, line.cells)) for line in listed)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        tell(f"{'  '.join(cells).rstrip()}\n")


def _print_table(listed: list[Listed]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in _HEADINGS[:3]:
        table.add_column(heading, no_wrap=True)
    # The path is below the origin: two wide columns do not fit on most terminals.
    table.add_column("from, path", overflow="fold")
    for line in listed:
        *short, source, path = map(printable, line.cells)
        style = "red" if line.tool is None else ""
        place = Text(source, style) if line.tool is None else Text.assemble(source, "\n", (path, "dim"))
        table.add_row(*(Text(cell, style) for cell in short), place)
    Console().print(table)
