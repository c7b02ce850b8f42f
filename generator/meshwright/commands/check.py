"""``meshwright check``: build and validate everything in a repository, offline."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from meshwright.check.cache.reportcache import check_remembered
from meshwright.check.report import Report
from meshwright.check.verdict.baseline import FILE as BASELINE
from meshwright.check.verdict.baseline import without_baseline, write_baseline
from meshwright.check.verdict.selection import Selection, changed_since
from meshwright.deadline import lift
from meshwright.errors import ExitCode
from meshwright.manifests.finding import Severity
from meshwright.manifests.words import plural
from meshwright.printing import emit, in_colour, tell, terminal
from meshwright.progress import working
from meshwright.systems import require_unix


@dataclass(frozen=True)
class CheckOptions:
    """What the command line asks for; ``kubernetes`` is a minor such as 1.35, None the pinned one.

    ``output`` is text, json, sarif, junit or github. ``remember`` gives the last report again when nothing
    has changed since; ``charts`` is a folder with charts to render; ``since`` a revision.
    ``order`` asks for the timeline too.
    """

    output: str = "text"
    kubernetes: str | None = None
    remember: bool = False
    charts: Path | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severity: str = "warning"
    since: str = ""
    baseline: bool = True
    write_baseline: bool = False
    order: bool = False


def run(path: Path, options: CheckOptions) -> ExitCode:
    """Check ``path`` and print the report. Raises MeshwrightError when the check could not run."""
    if options.write_baseline:
        require_unix("check --write-baseline")
    with working("reading"):
        if options.remember and not options.order:
            report = check_remembered(path, kubernetes=options.kubernetes, charts=options.charts)
        else:
            from meshwright.check import check_repository

            report = check_repository(
                path,
                kubernetes=options.kubernetes,
                charts=options.charts,
                order=options.order,
                partial=True,
            )
    lift()
    if options.write_baseline:
        write_baseline(path, report)
        tell(f"{path / BASELINE}: {plural(len(report.findings), 'finding')} written down\n")
        return ExitCode.CLEAN
    if options.baseline:
        report = without_baseline(path, report)
    changed = changed_since(path, options.since) if options.since else None
    chosen = Selection(options.select, options.ignore, Severity(options.severity), changed).apply(report)
    _print(chosen, path, options.output)
    return chosen.exit_code


def _print(report: Report, path: Path, output: str) -> None:
    # Each format is imported by itself: the start of the program stays fast.
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
    else:
        from meshwright.check.output import text

        colour, source = in_colour(), path if terminal() else None
        tell(text.render(report, colour=colour, source=source), colour=colour)
