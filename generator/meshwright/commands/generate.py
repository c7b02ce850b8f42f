"""``meshwright generate``: each application's overlay and wiring, from its mesh.yaml."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from meshwright.apps.generation import Outcome, generate
from meshwright.errors import ExitCode
from meshwright.manifests.words import plural

if TYPE_CHECKING:
    from meshwright.apps.comparison import Change

_COLOURS = (("---", "\x1b[1m"), ("+++", "\x1b[1m"), ("@@", "\x1b[36m"), ("-", "\x1b[31m"), ("+", "\x1b[32m"))
_OFF = "\x1b[0m"


def run(path: Path, *, check: bool, force: bool, remember: bool) -> ExitCode:
    """Generate below ``path`` and print what came of it. Raises MeshwrightError when it could not run."""
    outcome = generate(path, check=check, force=force, remember=remember)
    terminal = sys.stdout.isatty()
    colour = terminal and not os.environ.get("NO_COLOR")
    sys.stdout.write(_findings(outcome, colour, path if terminal else None))
    for change in outcome.changes:
        sys.stdout.writelines(_diff(change, colour))
    sys.stdout.write(f"{_summary(outcome)}\n")
    return outcome.exit_code


def _findings(outcome: Outcome, colour: bool, source: Path | None) -> str:
    if not outcome.findings:
        return ""
    from meshwright.check import text
    from meshwright.check.report import Report

    # The last line of a report counts roots, which are no matter here.
    report = text.render(Report(outcome.findings, (), (), {}, ""), colour=colour, source=source)
    return "".join(report.splitlines(keepends=True)[:-1])


def _diff(change: Change, colour: bool) -> Iterator[str]:
    """From what is there to what would be, as git prints it."""
    from difflib import unified_diff

    before, after = (_lines(text) for text in (change.before, change.after))
    old = "/dev/null" if change.before is None else f"a/{change.path}"
    new = "/dev/null" if change.after is None else f"b/{change.path}"
    for line in unified_diff(before, after, old, new):
        tone = next((tone for start, tone in _COLOURS if line.startswith(start)), "") if colour else ""
        yield f"{tone}{line.removesuffix(chr(10))}{_OFF}\n" if tone else line


def _lines(text: str | None) -> list[str]:
    lines = (text or "").splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n\\ No newline at end of file\n"
    return lines


def _summary(outcome: Outcome) -> str:
    applications = plural(outcome.applications, "application")
    if outcome.has_errors:
        errors = sum(finding.severity == "error" for finding in outcome.findings)
        return f"{applications}: {plural(errors, 'error')}; nothing is written"
    unchanged = outcome.applications - outcome.changed
    changed, removed = ("written", "removed") if outcome.written else ("stale", "to be removed")
    return f"{applications}: {outcome.changed} {changed}, {unchanged} unchanged, {outcome.removed} {removed}"
