"""A report as JSON, as defined in schema/check-report.schema.json."""

from __future__ import annotations

from typing import Any

from meshwright import __version__
from meshwright.check.order.line import Line
from meshwright.check.report import Report
from meshwright.errors import Position
from meshwright.inert import json_text

SCHEMA_VERSION = 1


def render(report: Report) -> str:
    """The report as JSON, ending with a line break."""
    return json_text(as_data(report)) + "\n"


def as_data(report: Report) -> dict[str, Any]:
    """The report as plain data."""
    return {
        "schema_version": SCHEMA_VERSION,
        "meshwright": __version__,
        "kubernetes": report.kubernetes,
        "tools": dict(sorted(report.tools.items())),
        "summary": {
            "roots": len(report.roots),
            "objects": report.objects,
            "errors": report.errors,
            "warnings": report.warnings,
            "not_seen": len(report.not_seen),
        },
        "findings": [
            {
                "id": finding.id,
                **({"name": finding.name} if finding.name else {}),
                "step": finding.step,
                "severity": finding.severity.value,
                **_place(finding.position),
                "message": finding.message,
                **({"fix": finding.fix} if finding.fix else {}),
                **({"subject": finding.subject} if finding.subject else {}),
            }
            for finding in report.findings
        ],
        "not_seen": [
            {"subject": item.subject, "reason": item.reason, **_place(item.position)}
            for item in report.not_seen
        ],
        **({"order": [_line(line) for line in report.order]} if report.order else {}),
        "roots": [
            {
                "kind": root.kind,
                "path": root.path,
                "name": root.name,
                "cluster": root.cluster,
                "built": root.built,
                "objects": root.objects,
            }
            for root in report.roots
        ],
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "cluster": line.cluster,
        "rank": line.rank,
        "unit": line.title,
        "what": line.what,
        "after": [{"unit": reason.title, "why": reason.why, "at": reason.position} for reason in line.after],
    }


def _place(position: Position) -> dict[str, Any]:
    where: dict[str, Any] = {"file": position.path}
    if position.line:
        where |= {"line": position.line, "column": position.column}
    return where
