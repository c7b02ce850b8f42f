"""A report as GitHub Actions workflow commands, which become annotations on lines."""

from __future__ import annotations

from meshwright.check.report import Report
from meshwright.finding import Finding
from meshwright.inert import printable, without_commands
from meshwright.words import plural


def render(report: Report, *, program: str = "check") -> str:
    """One command per finding, then a line with the counts."""
    lines = [_command(finding) for finding in report.findings]
    counts = f"{plural(report.errors, 'error')}, {plural(report.warnings, 'warning')}"
    lines.append(f"meshwright {program}: {counts}")
    return "\n".join(lines) + "\n"


def _command(finding: Finding) -> str:
    at = finding.position
    properties = {"file": printable(at.path)}
    if at.line:
        properties |= {"line": str(at.line), "col": str(at.column)}
    properties["title"] = finding.label
    text = f"{finding.message}\nfix: {finding.fix}" if finding.fix else finding.message
    given = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{finding.severity.value} {given}::{_data(without_commands(text))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(without_commands(text)).replace(":", "%3A").replace(",", "%2C")
