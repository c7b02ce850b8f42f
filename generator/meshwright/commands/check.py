"""``meshwright check``: builds and validates everything in a repository, offline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from meshwright.bounded import InRepository
from meshwright.commands.candidates import finding_ids
from meshwright.commands.group import new_cli, see_also
from meshwright.commands.options import Charts, Exactly
from meshwright.deadline import lift
from meshwright.errors import ExitCode, MeshwrightError
from meshwright.printing import emit, in_colour, quiet, remark, tell, terminal
from meshwright.progress import working

if TYPE_CHECKING:
    from meshwright.check.report import Report

cli = new_cli()
_Prefixes = list[str] | None


@cli.command(
    cls=InRepository,
    epilog=see_also(
        "check.md",
        "meshwright check",
        "meshwright check --select MW3 --select build",
        "meshwright check --changed-since origin/main --format github   # in CI",
        "meshwright check apps/shop   # this folder alone",
    ),
)
def check(
    path: Exactly = Path(),
    output: Annotated[
        Literal["text", "json", "sarif", "junit", "github"], typer.Option("--format", help="Output format.")
    ] = "text",
    select: Annotated[
        _Prefixes,
        typer.Option(
            metavar="RULE",
            autocompletion=finding_ids,
            help="Report only this rule, by ID, name or ID prefix, such as MW3. Can be repeated.",
        ),
    ] = None,
    ignore: Annotated[
        _Prefixes,
        typer.Option(
            metavar="RULE",
            autocompletion=finding_ids,
            help="Do not report this rule, named as for --select. Can be repeated.",
        ),
    ] = None,
    severity: Annotated[
        Literal["info", "warning", "error"], typer.Option(help="Minimum severity to report.")
    ] = "warning",
    each: Annotated[
        bool, typer.Option("--all", help="Report every finding, including those that share a cause.")
    ] = False,
    statistics: Annotated[
        bool, typer.Option("--statistics", help="Count the findings by rule instead of listing them.")
    ] = False,
    allow_unseen: Annotated[
        bool, typer.Option("--allow-unseen", help="Pass even if something could not be judged.")
    ] = False,
    changed_since: Annotated[
        str, typer.Option(metavar="REV", help="Report only findings in files changed since REV.")
    ] = "",
    kubernetes: Annotated[
        str | None,
        typer.Option(metavar="VERSION", help="Kubernetes version to validate against, such as 1.35."),
    ] = None,
    charts: Charts = None,
    baseline: Annotated[bool, typer.Option(help="Leave out what .meshwright-baseline.json lists.")] = True,
    write_baseline: Annotated[
        bool, typer.Option("--write-baseline", help="Write the current findings into that file.")
    ] = False,
    order: Annotated[
        bool, typer.Option("--order", help="Show the startup order and the reason for each step.")
    ] = False,
    cache: Annotated[bool, typer.Option(help="Reuse the last report if nothing changed.")] = True,
) -> ExitCode:
    """Build and validate the whole repository offline.

    The exit code is 0 without errors, 1 with errors or if a part that matters could not be judged, and 2 if
    the check could not run or found nothing to judge.
    """
    # Imported here, so that the help comes without them.
    from dataclasses import replace

    from meshwright.check.verdict.baseline import FILE, without_baseline
    from meshwright.check.verdict.baseline import write_baseline as write
    from meshwright.check.verdict.selection import Selection
    from meshwright.check.verdict.selection import changed_since as changed_files
    from meshwright.finding import Severity
    from meshwright.systems import require_unix
    from meshwright.words import plural

    if statistics and output != "text":
        raise MeshwrightError(f"--statistics is text; leave out --format {output}")
    if select or ignore:
        from meshwright.check.rules.registry import rules_by_name
        from meshwright.check.verdict.selection import require_known
        from meshwright.findingids import known_names

        known = known_names(rules_by_name())
        require_known("--select", select or (), known)
        require_known("--ignore", ignore or (), known)
    if write_baseline:
        require_unix("check --write-baseline")
    with working("reading"):
        report = _report(path, kubernetes, charts, order=order, cache=cache)
    lift()
    if write_baseline:
        write(path, report)
        remark(f"{path / FILE}: {plural(len(report.findings), 'finding')} recorded\n")
        return ExitCode.CLEAN
    if baseline:
        report = without_baseline(path, report)
    changed = changed_files(path, changed_since) if changed_since else None
    selection = Selection(tuple(select or ()), tuple(ignore or ()), Severity(severity), changed)
    selected = selection.apply(replace(report, each=each, allow_unseen=allow_unseen))
    _print(selected, path, "statistics" if statistics else output)
    return selected.exit_code


def _report(path: Path, kubernetes: str | None, charts: Path | None, *, order: bool, cache: bool) -> Report:
    if cache and not order:
        from meshwright.check.cached import check_remembered

        return check_remembered(path, kubernetes=kubernetes, charts=charts)
    from meshwright.check import check_repository

    return check_repository(path, kubernetes=kubernetes, charts=charts, order=order, partial=True)


def _print(report: Report, path: Path, output: str) -> None:
    # Only the format that is printed is imported.
    if output == "json":
        from meshwright.check.output import json_output

        emit(json_output.render(report))
    elif output == "sarif":
        from meshwright.check.output import sarif

        emit(sarif.render(report))
    elif output == "junit":
        from meshwright.check.output import junit

        emit(junit.render(report))
    elif output == "github":
        from meshwright.check.output import github

        emit(github.render(report))
    elif output == "statistics":
        from meshwright.check.output import statistics

        tell(statistics.render(report))
    else:
        from meshwright.check.output import text

        colour, source = in_colour(), path if terminal() else None
        shown = text.render(report, colour=colour, source=source, brief=quiet(), to_do=terminal())
        tell(shown, colour=colour)
