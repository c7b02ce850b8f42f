"""``meshwright tools``: which tools there are, at which version, and where each came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from meshwright.errors import ExitCode, MeshwrightError
from meshwright.inert import json_text, printable
from meshwright.printing import complain, emit, tell, terminal
from meshwright.tools import Tool, ensure, locate
from meshwright.tools.catalog import TOOLS, tool_spec, wanted_version

_MISSING = "missing"


@dataclass(frozen=True)
class Listed:
    """One line of the list: the tool that was found, or the problem that kept it from being found."""

    name: str
    wanted: str
    tool: Tool | None
    problem: str = ""

    @property
    def cells(self) -> tuple[str, ...]:
        """The line in words."""
        if self.tool is None:
            return (self.name, self.wanted, _MISSING, "-", "-")
        return (self.name, self.wanted, self.tool.version, self.tool.source, str(self.tool.path))


_HEADINGS = ("tool", "wanted", "found", "from", "path")


def run(output: str, install: bool, names: Sequence[str] = ()) -> ExitCode:
    """List the tools as ``output`` says ("text" or "json"), after installing the missing ones if asked.

    ``names`` leaves out the others. Gives CLEAN when all are there, COULD_NOT_RUN when one is missing;
    the reason of each goes to stderr. Raises MeshwrightError when a name is no tool's.
    """
    for name in names:
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
    """Version 1 of the machine's format; a tool that is missing has null for everything that was found."""
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
    # The path stands under the origin: two wide columns would break both on most terminals.
    table.add_column("from, path", overflow="fold")
    for line in listed:
        *short, source, path = map(printable, line.cells)
        style = "red" if line.tool is None else ""
        place = Text(source, style) if line.tool is None else Text.assemble(source, "\n", (path, "dim"))
        table.add_row(*(Text(cell, style) for cell in short), place)
    Console().print(table)
