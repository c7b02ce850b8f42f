"""The certificates of the data as the page shows them: a time line that begins with their issuance."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_DAY = 86400
_YEAR = 365 * _DAY
_WIDTH, _LEFT, _ROW, _TOP = 960, 250, 34, 34
# The axis is logarithmic, because some certificates live 24 hours and others ten years.
_TICKS = (
    (_DAY, "1 day"),
    (7 * _DAY, "1 week"),
    (30 * _DAY, "1 month"),
    (90 * _DAY, "3 months"),
    (_YEAR, "1 year"),
    (3 * _YEAR, "3 years"),
    (10 * _YEAR, "10 years"),
)


@dataclass(frozen=True)
class Bar:
    """One certificate on the time line; ``renewed`` and ``end`` are positions, None if unknown."""

    row: Mapping[str, Any]
    y: int
    end: int | None
    renewed: int | None


@dataclass(frozen=True)
class ClusterCertificates:
    """The certificates of one cluster; ``ticks`` are the positions and words of the axis."""

    cluster: str
    rows: Sequence[Mapping[str, Any]]
    bars: Sequence[Bar]
    ticks: Sequence[tuple[int, str]]
    width: int
    height: int
    left: int


def certificate_view(data: Mapping[str, Any]) -> list[ClusterCertificates]:
    """One per cluster that has certificates."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in data["planned"]:
        found.setdefault(str(row["cluster"]), []).append(row)
    return [_view(cluster, rows) for cluster, rows in found.items()]


def span(seconds: float | None) -> str:
    """``180 days``, or ``10 years`` for two or more whole years."""
    if not seconds:
        return "an unknown time"
    if seconds >= 2 * _YEAR and seconds % _YEAR < 5 * _DAY:
        return f"{seconds // _YEAR:.0f} years"
    if seconds < 2 * _DAY:
        return f"{seconds / 3600:.0f} hours"
    return f"{seconds / _DAY:.0f} days"


def _view(cluster: str, rows: Sequence[Mapping[str, Any]]) -> ClusterCertificates:
    longest = max([10 * _YEAR, *(float(row["lifetime_seconds"] or 0) for row in rows)])
    bars = [
        Bar(
            row,
            _TOP + number * _ROW,
            _x(row["lifetime_seconds"], longest),
            _x(row["renewed_at_seconds"], longest),
        )
        for number, row in enumerate(rows)
    ]
    ticks = [(x, words) for seconds, words in _TICKS if (x := _x(seconds, longest)) is not None]
    return ClusterCertificates(cluster, rows, bars, ticks, _WIDTH, _TOP + len(rows) * _ROW + 10, _LEFT)


def _x(seconds: float | None, longest: float) -> int | None:
    if not seconds:
        return None
    share = math.log10(max(seconds, _DAY / 2) / (_DAY / 2)) / math.log10(longest / (_DAY / 2))
    return round(_LEFT + share * (_WIDTH - _LEFT - 70))
