"""A report as GitHub Actions workflow commands, which become annotations on lines."""

from __future__ import annotations

from meshwright.check.causes import Cause
from meshwright.check.output.summary import counts, judged, nothing_found, unseen_roots
from meshwright.check.report import Report
from meshwright.finding import Severity
from meshwright.inert import printable, without_commands

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render(report: Report, *, program: str = "check") -> str:
    """One command per cause, then a line with the counts."""
    lines = [_command(cause) for cause in report.causes]
    for reason in (*unseen_roots(report), *nothing_found(report)):
        lines.append(f"::error title=meshwright {program}::{_data(without_commands(reason))}")
    looked_at = f"{judged(report)}, " if report.roots else ""
    lines.append(f"meshwright {program}: {looked_at}{counts(report)}")
    return "\n".join(lines) + "\n"


def _command(cause: Cause) -> str:
    finding = cause.finding
    at = finding.position
    properties = {"file": printable(at.path)}
    if at.line:
        properties |= {"line": str(at.line), "col": str(at.column)}
    properties["title"] = finding.label
    text = f"{finding.message}\nfix: {finding.fix}" if finding.fix else finding.message
    if cause.others:
        places = dict.fromkeys(str(other.position) for other in cause.others)
        text += f"\nand {len(cause.others)} more: {', '.join(places)}"
    given = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{_LEVELS[finding.severity]} {given}::{_data(without_commands(text))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(without_commands(text)).replace(":", "%3A").replace(",", "%2C")
