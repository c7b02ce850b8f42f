"""Tables as plain columns, for terminals and pipes alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from meshwright.inert import printable

if TYPE_CHECKING:
    from meshwright.apps.inspection.status import WorkloadStatus

_WORDS = {True: "yes", False: "no", None: "unknown"}


def workloads_table(statuses: Iterable[WorkloadStatus]) -> str:
    """One line per workload: kind, name, meshed or not, and why."""
    rows = [(item.kind, item.name, _WORDS[item.meshed], item.reason) for item in statuses]
    return table(("kind", "name", "meshed", "because"), rows)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns as wide as their widest cell, except for the last one."""
    lines = [tuple(header), *(tuple(map(printable, row)) for row in rows)]
    widths = [max(len(line[number]) for line in lines) for number in range(len(header) - 1)]
    text = ""
    for line in lines:
        cells = [cell.ljust(width) for cell, width in zip(line, widths, strict=False)]
        text += "  ".join([*cells, line[-1]]).rstrip() + "\n"
    return text
