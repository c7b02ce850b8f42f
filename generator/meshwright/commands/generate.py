"""``meshwright generate``: generates each application's overlay and wiring from its mesh.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from meshwright.bounded import UnixInGenerated
from meshwright.commands.group import new_cli, see_also
from meshwright.commands.options import Root
from meshwright.errors import ExitCode
from meshwright.printing import emit, in_colour, remark, tell, terminal
from meshwright.words import plural

if TYPE_CHECKING:
    from meshwright.apps.generate import Outcome

cli = new_cli()


@cli.command(
    cls=UnixInGenerated,
    epilog=see_also(
        "generate.md",
        "meshwright generate",
        "meshwright generate --check --format github   # in CI",
    ),
)
def generate(
    path: Root = Path(),
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit with 1 and show a diff if files are stale.")
    ] = False,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="Overwrite generated files that were edited by hand, and remove all leftover files.",
        ),
    ] = False,
    output: Annotated[
        Literal["text", "github", "json"],
        typer.Option("--format", help="Output format; github makes annotations in a pull request."),
    ] = "text",
    cache: Annotated[bool, typer.Option(help="Skip the work if nothing changed since the last run.")] = True,
) -> ExitCode:
    """Generate each application's overlay from its mesh.yaml.

    The wiring that deploys the overlay is generated too. The exit code is 0 when done, 1 if there are errors
    or stale files, and 2 if the command could not run.
    """
    # Imported here, so that the help comes without it.
    from meshwright.apps.generate import generate as run

    outcome = run(path, check=check, force=force, remember=cache)
    _print(outcome, path, output)
    return outcome.exit_code


def _print(outcome: Outcome, path: Path, output: str) -> None:
    if output != "text":
        from meshwright.commands.generateformats import as_github, as_json

        emit(as_json(outcome) if output == "json" else as_github(outcome))
        return
    colour = in_colour()
    tell(_findings(outcome, colour, path if terminal() else None), colour=colour)
    for change in outcome.changes:
        from meshwright.unified import unified

        lines = unified(change.path, change.before, change.after, colour=colour)
        tell("".join(lines), colour=colour)
    for removal in outcome.removals if not outcome.has_errors else ():
        tell(f"{'removed' if outcome.written else 'to be removed'}: {removal.text}\n")
    remark(f"{_summary(outcome)}\n")


def _findings(outcome: Outcome, colour: bool, source: Path | None) -> str:
    if not outcome.findings:
        return ""
    from meshwright.check.output import text
    from meshwright.check.report import Report

    # generate judges no roots, so the report has none.
    report = Report(outcome.findings, (), (), {}, "", each=True)
    return text.render(report, colour=colour, source=source, brief=True)


def _summary(outcome: Outcome) -> str:
    applications = plural(outcome.applications, "application")
    if outcome.clusters != 1:
        applications += f" on {plural(outcome.clusters, 'cluster')}"
    if outcome.has_errors:
        errors = sum(finding.severity == "error" for finding in outcome.findings)
        return f"{applications}: {plural(errors, 'error')}; nothing is written"
    unchanged, gone = outcome.applications - outcome.changed, len(outcome.removals)
    changed, removed = ("written", "removed") if outcome.written else ("stale", "to be removed")
    return f"{applications}: {outcome.changed} {changed}, {unchanged} unchanged, {gone} {removed}"
