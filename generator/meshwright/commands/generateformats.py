"""What ``meshwright generate`` did or would do, as JSON and as annotations for GitHub Actions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from meshwright import __version__
from meshwright.apps.generate import Outcome
from meshwright.apps.outputdiff import FileChange
from meshwright.check.output import github, json_output
from meshwright.check.report import Report
from meshwright.errors import Position
from meshwright.finding import Finding
from meshwright.inert import json_text

SCHEMA_VERSION = 1
_STATES = {
    "stale": "differs from what its mesh.yaml generates",
    "missing": "is not generated yet",
    "superfluous": "was generated for an application that no longer needs it",
}


def as_github(outcome: Outcome) -> str:
    """One workflow command per finding and per file that differs, then a line with the counts."""
    report = _report(outcome)
    stale = tuple(_finding(change) for change in outcome.changes)
    return github.render(replace(report, findings=(*report.findings, *stale)), program="generate")


def as_json(outcome: Outcome) -> str:
    """The outcome as schema/generate-report.schema.json defines it."""
    data: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "meshwright": __version__,
        "summary": {
            "applications": outcome.applications,
            "changed": 0 if outcome.has_errors else outcome.changed,
            "removed": 0 if outcome.has_errors else len(outcome.removals),
        },
        "written": outcome.written and not outcome.has_errors,
        "findings": json_output.as_data(_report(outcome))["findings"],
        "files": [{"file": change.path, "state": _state(change)} for change in outcome.changes],
        "removals": [
            {"application": removal.name, "files": list(removal.paths), "reason": removal.why}
            for removal in (() if outcome.has_errors else outcome.removals)
        ],
    }
    return json_text(data) + "\n"


def _report(outcome: Outcome) -> Report:
    return Report(outcome.findings, (), (), {}, "")


def _finding(change: FileChange) -> Finding:
    text = f"{change.path} {_STATES[_state(change)]}"
    return Finding("generate/stale", Position(change.path), text, "run `meshwright generate` and commit it")


def _state(change: FileChange) -> str:
    if change.before is None:
        return "missing"
    return "superfluous" if change.after is None else "stale"
