"""A report as JSON, as defined in schema/check-report.schema.json."""

from __future__ import annotations

from typing import Any

from meshwright import __version__
from meshwright.check.causes import Cause
from meshwright.check.order.line import Line
from meshwright.check.report import Report
from meshwright.errors import Position
from meshwright.finding import Finding, Severity
from meshwright.inert import json_text

SCHEMA_VERSION = 2


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
            "judged": len(report.roots) - len(report.not_judged),
            "objects": report.objects,
            "errors": report.errors,
            "warnings": report.warnings,
            "infos": report.count(Severity.INFO),
            "infos_hidden": report.hidden,
            "not_seen": len(report.not_seen),
            "exit_code": int(report.exit_code),
        },
        "findings": [_cause(cause) for cause in report.causes],
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
                "judged": root.judged,
                **({"matters": root.matters} if not root.judged else {}),
                "objects": root.objects,
            }
            for root in report.roots
        ],
    }


def _cause(cause: Cause) -> dict[str, Any]:
    finding = cause.finding
    return {
        "id": finding.id,
        **({"name": finding.name} if finding.name else {}),
        "step": finding.step,
        "severity": finding.severity.value,
        "consequence": cause.consequence.value,
        **_place(finding.position),
        "message": finding.message,
        **({"fix": finding.fix} if finding.fix else {}),
        **({"subject": finding.subject} if finding.subject else {}),
        **({"others": [_other(other) for other in cause.others]} if cause.others else {}),
    }


def _other(finding: Finding) -> dict[str, Any]:
    return {**_place(finding.position), **({"subject": finding.subject} if finding.subject else {})}


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
