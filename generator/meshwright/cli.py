"""The command line: parses, calls one command, turns a user's mistake into one line and an exit code."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from meshwright import __version__
from meshwright.errors import ExitCode, MeshwrightError

app = typer.Typer(
    name="meshwright",
    help="Generate, check and upgrade a GitOps repository for the Linkerd service mesh.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


class OutputFormat(StrEnum):
    """How a command prints its result."""

    TEXT = "text"
    JSON = "json"


_Format = Annotated[OutputFormat, typer.Option("--format", help="text for people, json for machines.")]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"meshwright {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    pass


# Commands import their module when they run: the start of the program stays fast.


@app.command()
def check(
    path: Annotated[Path, typer.Argument(help="The repository to check.")] = Path(),
    output: _Format = OutputFormat.TEXT,
    kubernetes: Annotated[
        str | None, typer.Option(help="Kubernetes minor to validate against, such as 1.35.")
    ] = None,
    charts: Annotated[
        Path | None, typer.Option(help="Folder of charts to render for Argo CD; none is ever downloaded.")
    ] = None,
    cache: Annotated[
        bool, typer.Option(help="Give the last report again when nothing has changed since.")
    ] = True,
) -> None:
    """Build and validate everything in a repository, offline: exit 0 clean, 1 findings, 2 could not run."""
    from meshwright.commands import check as command

    raise typer.Exit(command.run(path, output.value, kubernetes, remember=cache, charts=charts))


@app.command()
def tools(
    names: Annotated[list[str] | None, typer.Argument(help="Only these; all when none is named.")] = None,
    output: _Format = OutputFormat.TEXT,
    install: Annotated[bool, typer.Option("--install", help="Fetch or build what is missing.")] = False,
) -> None:
    """List kustomize, kubeconform and helm: which version, and where each came from."""
    from meshwright.commands import tools as command

    raise typer.Exit(command.run(output.value, install=install, names=names or ()))


def main() -> None:
    """Entry point of the console script; a user's mistake ends as one line on stderr and exit code 2."""
    try:
        app()
    except MeshwrightError as error:
        typer.echo(f"meshwright: {error}", err=True)
        sys.exit(ExitCode.COULD_NOT_RUN)
