"""``meshwright graph``: draws the order, the mesh, the findings and the certificates of a repository."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from meshwright.bounded import InRepository
from meshwright.commands.group import new_cli, see_also
from meshwright.commands.options import Charts, Exactly
from meshwright.errors import ExitCode, MeshwrightError
from meshwright.printing import emit, note, terminal
from meshwright.progress import working

cli = new_cli()
_Format = Literal["html", "svg", "mermaid", "dot", "json"]
_Collapse = Literal["apps", "layers", "none"]


@cli.command(
    cls=InRepository,
    epilog=see_also(
        "graph.md",
        "meshwright graph --open                        # in the browser",
        "meshwright graph --output graph.html --since origin/main",
        "meshwright graph --format mermaid --focus linkerd-gate:2",
        "meshwright graph --reaches linkerd-viz --format svg --output viz.svg",
    ),
)
def graph(
    path: Exactly = Path(),
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write to FILE instead of standard output."),
    ] = None,
    format: Annotated[
        _Format, typer.Option(help="Output format; html is one file with everything in it.")
    ] = "html",
    focus: Annotated[
        str,
        typer.Option(metavar="NAME[:DEPTH]", help="Draw only NAME and what is within DEPTH arrows of it."),
    ] = "",
    reaches: Annotated[
        str, typer.Option(metavar="NAME", help="Draw only NAME and everything that starts before it.")
    ] = "",
    collapse: Annotated[
        _Collapse,
        typer.Option(help="Combine boxes of a step: many applications, layers too, or none."),
    ] = "apps",
    since: Annotated[
        str, typer.Option(metavar="REV", help="Mark what has been added, removed and moved since REV.")
    ] = "",
    charts: Charts = None,
    show: Annotated[bool, typer.Option("--open", help="Open the result in the browser.")] = False,
) -> ExitCode:
    """Draw the startup order, the mesh, findings and certificates.

    The exit code is 0 even if there are findings: use `meshwright check` in CI.
    """
    # Imported here, so that the help comes without them.
    from meshwright.graph.data import data_since, graph_data
    from meshwright.graph.focus import focused

    if format == "html" and output is None and not show and terminal():
        raise MeshwrightError("add --output FILE or --open: html is for a browser, not for a terminal")
    with working("reading"):
        data = data_since(path, since, charts) if since else graph_data(path, charts)
    if focus or reaches:
        data = focused(data, focus, reaches)
    text = _renderer(format)(data, collapse)
    if output is None and not show:
        emit(text)
        return ExitCode.CLEAN
    file = _written(output, format, text)
    if output is not None:
        note(f"written: {file}")
    if show:
        _open(file)
    return ExitCode.CLEAN


def _renderer(format: str) -> Callable[[Mapping[str, Any], _Collapse], str]:
    # Only the format that is wanted is imported.
    if format == "html":
        from meshwright.graph.page import render_page

        return render_page
    if format == "svg":
        from meshwright.graph.svg import render_svg

        return render_svg
    if format == "mermaid":
        from meshwright.graph.mermaid import render_mermaid

        return render_mermaid
    if format == "dot":
        from meshwright.graph.dot import render_dot

        return render_dot
    from meshwright.inert import json_text

    return lambda data, _: json_text(data) + "\n"


def _written(output: Path | None, format: str, text: str) -> Path:
    """The file with the result: ``output``, or a temporary one that stays for the browser."""
    from tempfile import mkdtemp

    from meshwright.writing import Tree

    file = output or Path(mkdtemp(prefix="meshwright-graph-")) / f"graph.{format}"
    Tree(file.parent).write(file.name, text.encode("utf-8", "backslashreplace"))
    return file


def _open(file: Path) -> None:
    import shutil
    import sys

    from meshwright.programs import ProgramTimeout, run

    opener = shutil.which("open" if sys.platform == "darwin" else "xdg-open")
    if opener is None:
        raise MeshwrightError(f"open {file} in a browser: xdg-open was not found")
    try:
        ended = run([opener, file.resolve()], folder=file.parent, environment=os.environ, seconds=20)
    except (OSError, ProgramTimeout):
        ended = None
    if ended is None or ended.status:
        raise MeshwrightError(f"open {file} in a browser: {opener} could not")
