"""A report for people: one line a finding, by file, then what was not seen, then the count."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from meshwright.check.report import Report
from meshwright.manifests.finding import Finding, Severity
from meshwright.manifests.words import plural

_RED, _YELLOW, _DIM, _BOLD, _OFF = "\x1b[31m", "\x1b[33m", "\x1b[2m", "\x1b[1m", "\x1b[0m"


def render(report: Report, *, colour: bool = False) -> str:
    """The whole report, ending with a line break."""
    return "\n".join(_lines(report, colour)) + "\n"


def _lines(report: Report, colour: bool) -> Iterator[str]:
    for _, findings in groupby(report.findings, key=lambda finding: finding.position.path):
        for finding in findings:
            yield from _finding_lines(finding, colour)
        yield ""
    if report.not_seen:
        yield "not seen:"
        for item in report.not_seen:
            line = f"  {item.position}: {item.subject}: {item.reason}"
            yield f"{_DIM}{line}{_OFF}" if colour else line
        yield ""
    yield _summary(report)


def _finding_lines(finding: Finding, colour: bool) -> Iterator[str]:
    place, severity = str(finding.position), finding.severity.value
    if colour:
        tone = _RED if finding.severity is Severity.ERROR else _YELLOW
        place, severity = f"{_BOLD}{place}{_OFF}", f"{tone}{severity}{_OFF}"
    yield f"{place}: {severity}: {finding.message} [{finding.id}]"
    if finding.fix:
        yield f"  fix: {finding.fix}"


def _summary(report: Report) -> str:
    counts = f"{plural(len(report.roots), 'root')}, {plural(report.objects, 'object')}"
    warnings = f" ({plural(report.warnings, 'warning')})" if report.warnings else ""
    line = f"{counts}, {plural(report.errors, 'finding')}{warnings}"
    return f"{line}; not seen: {len(report.not_seen)}" if report.not_seen else line
