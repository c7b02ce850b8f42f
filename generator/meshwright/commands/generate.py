"""``meshwright generate``: each application's overlay and wiring, from its mesh.yaml."""

from __future__ import annotations

from pathlib import Path

from meshwright.apps.generate import Outcome, generate
from meshwright.errors import ExitCode
from meshwright.manifests.words import plural
from meshwright.printing import in_colour, tell, terminal


def run(path: Path, *, check: bool, force: bool, remember: bool) -> ExitCode:
    """Generate below ``path`` and print what came of it. Raises MeshwrightError when it could not run."""
    outcome = generate(path, check=check, force=force, remember=remember)
    colour = in_colour()
    tell(_findings(outcome, colour, path if terminal() else None), colour=colour)
    for change in outcome.changes:
        from meshwright.unified import unified

        lines = unified(change.path, change.before, change.after, colour=colour)
        tell("".join(lines), colour=colour)
    tell(f"{_summary(outcome)}\n")
    return outcome.exit_code


def _findings(outcome: Outcome, colour: bool, source: Path | None) -> str:
    if not outcome.findings:
        return ""
    from meshwright.check.output import text
    from meshwright.check.report import Report

    # The last line of a report counts roots, which are no matter here.
    report = text.render(Report(outcome.findings, (), (), {}, ""), colour=colour, source=source)
    return "".join(report.splitlines(keepends=True)[:-1])


def _summary(outcome: Outcome) -> str:
    applications = plural(outcome.applications, "application")
    if outcome.has_errors:
        errors = sum(finding.severity == "error" for finding in outcome.findings)
        return f"{applications}: {plural(errors, 'error')}; nothing is written"
    unchanged = outcome.applications - outcome.changed
    changed, removed = ("written", "removed") if outcome.written else ("stale", "to be removed")
    return f"{applications}: {outcome.changed} {changed}, {unchanged} unchanged, {outcome.removed} {removed}"
