"""The lines of a report that say what was judged, what was not, and how much was found."""

from __future__ import annotations

from collections.abc import Iterator

from meshwright.check.report import Report, RootSummary
from meshwright.finding import Severity
from meshwright.inert import printable
from meshwright.words import plural

# More roots than these are counted.
_MOST_NAMES = 5
SOUGHT = (
    "Flux Kustomizations (kustomize.toolkit.fluxcd.io), Argo CD Applications (argoproj.io) and folders "
    "with a kustomization.yaml"
)


def judged(report: Report) -> str:
    """What was looked at: ``31 of 34 roots judged (2 in part), 90 objects; 3 not: ...``."""
    missing = report.not_judged
    done = [root for root in report.roots if root.judged]
    partly = sum(not root.built for root in done)
    line = f"{len(done)} of {plural(len(report.roots), 'root')} judged"
    line += f" ({partly} in part)" if partly else ""
    line += f", {plural(report.objects, 'object')}"
    return f"{line}; {len(missing)} not: {_named(missing)}" if missing else line


def counts(report: Report) -> str:
    """How much was found: ``22 errors, 9 warnings; not seen: 3; 14 infos not shown``."""
    infos = report.count(Severity.INFO)
    if report.causes:
        line = f"{plural(report.errors, 'error')}, {plural(report.warnings, 'warning')}"
        line += f", {plural(infos, 'info')}" if infos else ""
    else:
        line = "0 findings"
    if report.not_seen:
        line += f"; not seen: {len(report.not_seen)}"
    if report.hidden:
        line += f"; {plural(report.hidden, 'info')} not shown (--severity info)"
    return line


def unseen_roots(report: Report) -> Iterator[str]:
    """Why a check fails that has no error: roots that matter were not judged."""
    if report.unseen:
        what = "objects of the mesh or of an engine, but could not be judged"
        verb = "has" if len(report.unseen) == 1 else "have"
        yield f"{_named(report.unseen)} {verb} {what} (--allow-unseen lets the check pass)"


def nothing_found(report: Report) -> Iterator[str]:
    """Why a check without findings did not pass: there was nothing to judge."""
    if report.is_empty:
        yield f"nothing was judged: no object was found in {SOUGHT} (--allow-unseen lets the check pass)"


def _named(roots: tuple[RootSummary, ...]) -> str:
    shown = [f"{root.title} ({root.why or 'not seen'})" for root in roots[:_MOST_NAMES]]
    more = f" and {len(roots) - _MOST_NAMES} more" if len(roots) > _MOST_NAMES else ""
    return printable(", ".join(shown) + more)
