"""Tables for people: plain columns, which a pipe reads as well as a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from meshwright.apps.inspection.status import WorkloadStatus
from meshwright.inert import printable

_WORDS = {True: "yes", False: "no", None: "unknown"}


def workloads_table(statuses: Iterable[WorkloadStatus]) -> str:
    """One line a workload: kind, name, meshed or not, why."""
    rows = [(item.kind, item.name, _WORDS[item.meshed], item.reason) for item in statuses]
    return table(("kind", "name", "meshed", "because"), rows)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns as wide as their widest cell; the last one as it is."""
    lines = [tuple(header), *(tuple(map(printable, row)) for row in rows)]
    widths = [max(len(line[number]) for line in lines) for number in range(len(header) - 1)]
    text = ""
    for line in lines:
        cells = [cell.ljust(width) for cell, width in zip(line, widths, strict=False)]
        text += "  ".join([*cells, line[-1]]).rstrip() + "\n"
    return text
