"""A report as text: what was judged, the findings by consequence, what was not seen, and the counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from pathlib import Path

from meshwright.check.causes import Cause
from meshwright.check.output.summary import counts, judged, nothing_found, unseen_roots
from meshwright.check.report import Report
from meshwright.finding import Finding, Severity
from meshwright.inert import is_seen, printable
from meshwright.manifests.inside import read_inside

_RED, _YELLOW, _DIM, _BOLD, _OFF = "\x1b[31m", "\x1b[33m", "\x1b[2m", "\x1b[1m", "\x1b[0m"
_TONES = {Severity.ERROR: _RED, Severity.WARNING: _YELLOW, Severity.INFO: _DIM}
_WIDTH = 100
# More places of one cause than these are counted.
_MOST_PLACES = 5
_DO_FIRST = 5


def render(
    report: Report,
    *,
    colour: bool = False,
    source: Path | None = None,
    brief: bool = False,
    to_do: bool = False,
) -> str:
    """The whole report, ending with a line break; with ``brief`` only the findings and the order.

    With ``source``, the repository, each finding is followed by its line of the file and a caret. With
    ``to_do``, a long report ends with what to do first.
    """
    lines = _brief(report, colour, source) if brief else _lines(report, colour, source, to_do=to_do)
    return "".join(f"{line}\n" for line in lines)


def _lines(report: Report, colour: bool, source: Path | None, *, to_do: bool) -> Iterator[str]:
    if not (report.causes or report.not_seen or report.order or report.is_empty or report.not_judged):
        yield f"{judged(report)}, {counts(report)}"
        return
    yield judged(report)
    yield ""
    read = _reader(source)
    for consequence, causes in groupby(report.causes, key=lambda cause: cause.consequence):
        yield f"{_BOLD}{consequence.heading}:{_OFF}" if colour else f"{consequence.heading}:"
        for cause in causes:
            yield from _cause_lines(cause, colour, read)
        yield ""
    if report.not_seen:
        yield "not seen:"
        for item in report.not_seen:
            line = f"  {item.position}: {item.subject}: {item.reason}"
            yield f"{_DIM}{line}{_OFF}" if colour else line
        yield ""
    yield from _order_lines(report, colour)
    if to_do and len(report.causes) > _DO_FIRST:
        yield "do first:"
        for number, cause in enumerate(report.causes[:_DO_FIRST], start=1):
            finding = cause.finding
            yield f"  {number}. {finding.position}: {finding.fix or finding.message} [{finding.id}]"
        yield ""
    yield from unseen_roots(report)
    yield from nothing_found(report)
    yield counts(report)


def _brief(report: Report, colour: bool, source: Path | None) -> Iterator[str]:
    read = _reader(source)
    causes = sorted(report.causes, key=lambda cause: cause.finding.sort_key)
    for _, found in groupby(causes, key=lambda cause: cause.finding.position.path):
        for cause in found:
            yield from _cause_lines(cause, colour, read)
        yield ""
    yield from _order_lines(report, colour)
    yield from unseen_roots(report)
    yield from nothing_found(report)


def _reader(source: Path | None) -> Callable[[str], list[str]]:
    """A function that gives the lines of a file, each read once; none without ``source``."""
    known: dict[str, list[str]] = {}

    def read(path: str) -> list[str]:
        if path not in known:
            known[path] = _read(source, path) if source and path else []
        return known[path]

    return read


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


def _cause_lines(cause: Cause, colour: bool, read: Callable[[str], list[str]]) -> Iterator[str]:
    finding = cause.finding
    place, severity = str(finding.position), finding.severity.value
    if colour:
        place, severity = f"{_BOLD}{place}{_OFF}", f"{_TONES[finding.severity]}{severity}{_OFF}"
    yield f"{place}: {severity}: {finding.message} [{finding.label}]"
    if finding.position.line:
        written = read(finding.position.path)
        if finding.position.line <= len(written):
            yield from _caret(finding, written[finding.position.line - 1], colour)
    if finding.fix:
        yield f"  fix: {finding.fix}"
    if cause.others:
        line = f"  and {len(cause.others)} more: {_places(finding, cause.others)}"
        yield f"{_DIM}{line}{_OFF}" if colour else line


def _places(first: Finding, others: Iterable[Finding]) -> str:
    """Where a cause has its other findings; objects that have it from the same place, by name."""
    where = list(
        dict.fromkeys(
            other.subject if other.position == first.position else str(other.position) for other in others
        )
    )
    rest = "" if len(where) <= _MOST_PLACES else ", ... (--all shows each)"
    return ", ".join(where[:_MOST_PLACES]) + rest


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
