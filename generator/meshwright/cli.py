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


class ReportFormat(StrEnum):
    """How a check prints its report."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    JUNIT = "junit"
    GITHUB = "github"


class SeverityChoice(StrEnum):
    """The least severity that is shown."""

    WARNING = "warning"
    ERROR = "error"


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
    output: Annotated[
        ReportFormat, typer.Option("--format", help="text for people, the others for machines.")
    ] = ReportFormat.TEXT,
    select: Annotated[
        list[str] | None, typer.Option(help="Only findings whose id begins so, such as MW3 or values.")
    ] = None,
    ignore: Annotated[list[str] | None, typer.Option(help="No findings whose id begins so.")] = None,
    severity: Annotated[
        SeverityChoice, typer.Option(help="The least that is shown.")
    ] = SeverityChoice.WARNING,
    changed_since: Annotated[
        str, typer.Option(metavar="REV", help="Only findings in files that differ from this Git revision.")
    ] = "",
    kubernetes: Annotated[
        str | None, typer.Option(help="Kubernetes minor to validate against, such as 1.35.")
    ] = None,
    charts: Annotated[
        Path | None, typer.Option(help="Folder of charts to render for Argo CD; none is ever downloaded.")
    ] = None,
    baseline: Annotated[
        bool, typer.Option(help="Leave out what .meshwright-baseline.json knows already.")
    ] = True,
    write_baseline: Annotated[
        bool, typer.Option("--write-baseline", help="Write the findings of today into that file.")
    ] = False,
    cache: Annotated[
        bool, typer.Option(help="Give the last report again when nothing has changed since.")
    ] = True,
) -> None:
    """Build and validate everything in a repository, offline: exit 0 clean, 1 findings, 2 could not run."""
    from meshwright.commands import check as command

    options = command.Options(
        output=output.value,
        kubernetes=kubernetes,
        remember=cache,
        charts=charts,
        select=tuple(select or ()),
        ignore=tuple(ignore or ()),
        severity=severity.value,
        since=changed_since,
        baseline=baseline,
        write_baseline=write_baseline,
    )
    raise typer.Exit(command.run(path, options))


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
