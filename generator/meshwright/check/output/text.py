"""A report as text: one line per finding, by file, then what was not seen, then the counts."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from meshwright.check.report import Report
from meshwright.finding import Finding, Severity
from meshwright.inert import is_seen, printable
from meshwright.manifests.inside import read_inside
from meshwright.words import plural

_RED, _YELLOW, _DIM, _BOLD, _OFF = "\x1b[31m", "\x1b[33m", "\x1b[2m", "\x1b[1m", "\x1b[0m"
_WIDTH = 100


def render(report: Report, *, colour: bool = False, source: Path | None = None, brief: bool = False) -> str:
    """The whole report, ending with a line break; with ``brief`` only the findings and the order.

    With ``source``, the repository, each finding is followed by its line of the file and a caret.
    """
    return "".join(f"{line}\n" for line in _lines(report, colour, source, brief=brief))


def _lines(report: Report, colour: bool, source: Path | None, *, brief: bool) -> Iterator[str]:
    for path, findings in groupby(report.findings, key=lambda finding: finding.position.path):
        written = _read(source, path) if source and path else []
        for finding in findings:
            yield from _finding_lines(finding, colour, written)
        yield ""
    if brief:
        yield from _order_lines(report, colour)
        return
    if report.not_seen:
        yield "not seen:"
        for item in report.not_seen:
            line = f"  {item.position}: {item.subject}: {item.reason}"
            yield f"{_DIM}{line}{_OFF}" if colour else line
        yield ""
    yield from _order_lines(report, colour)
    yield _summary(report)


def _order_lines(report: Report, colour: bool) -> Iterator[str]:
    for cluster, lines in groupby(report.order, key=lambda line: line.cluster):
        yield printable(f"order of {cluster or 'everything'} (one number: in any order):")
        for line in lines:
            rank = f"{line.rank:4}" if line.rank else "never"
            name = printable(line.title)
            title = f"{_BOLD}{name}{_OFF}" if colour else name
            yield f"{rank:>5}  {title}{printable(f': {line.what}') if line.what else ''}"
            for reason in line.after:
                at = f" ({reason.position})" if reason.position else ""
                why = f": {reason.why}" if reason.why else ""
                shown = printable(f"         after {reason.title}{why}{at}")
                yield f"{_DIM}{shown}{_OFF}" if colour else shown
        yield ""


def _read(source: Path, path: str) -> list[str]:
    try:
        return read_inside(source, path).decode("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []


def _finding_lines(finding: Finding, colour: bool, written: list[str]) -> Iterator[str]:
    place, severity = str(finding.position), finding.severity.value
    if colour:
        tone = _RED if finding.severity is Severity.ERROR else _YELLOW
        place, severity = f"{_BOLD}{place}{_OFF}", f"{tone}{severity}{_OFF}"
    yield f"{place}: {severity}: {finding.message} [{finding.label}]"
    if 0 < finding.position.line <= len(written):
        yield from _caret(finding, written[finding.position.line - 1], colour)
    if finding.fix:
        yield f"  fix: {finding.fix}"


def _caret(finding: Finding, line: str, colour: bool) -> Iterator[str]:
    column = finding.position.column
    # A long line is cut around the column; a tab keeps its width below.
    start = max(0, column - 1 - _WIDTH // 2) if len(line) > _WIDTH else 0
    shown = "".join(char if char == "\t" or is_seen(char) else "?" for char in line[start : start + _WIDTH])
    number = str(finding.position.line)
    indent = "".join("\t" if char == "\t" else " " for char in shown[: column - 1 - start])
    caret = f"{_RED}^{_OFF}" if colour else "^"
    yield f"  {number} | {shown}"
    yield f"  {' ' * len(number)} | {indent}{caret}"


def _summary(report: Report) -> str:
    counts = f"{plural(len(report.roots), 'root')}, {plural(report.objects, 'object')}"
    warnings = f" ({plural(report.warnings, 'warning')})" if report.warnings else ""
    line = f"{counts}, {plural(report.errors, 'finding')}{warnings}"
    return f"{line}; not seen: {len(report.not_seen)}" if report.not_seen else line
