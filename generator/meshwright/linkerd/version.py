"""Linkerd's edge versions: a year, a month and a number, also used by the charts."""

from __future__ import annotations

import re
from typing import NamedTuple

_CHART = re.compile(r"v?(20[0-9]{2})\.([0-9]{1,2})\.([0-9]{1,2})\Z")
_EDGE = re.compile(r"edge-([0-9]{2})\.([0-9]{1,2})\.([0-9]{1,2})\Z")


class EdgeRelease(NamedTuple):
    """An edge release; sorts by release date."""

    year: int
    month: int
    number: int

    def __str__(self) -> str:
        return f"edge-{self.year % 100}.{self.month}.{self.number}"


def read_edge(text: str) -> EdgeRelease | None:
    """The edge release named by a chart version (2026.8.3) or a tag (edge-26.8.3); None for other text."""
    if found := _CHART.match(text):
        return EdgeRelease(int(found[1]), int(found[2]), int(found[3]))
    if found := _EDGE.match(text):
        return EdgeRelease(2000 + int(found[1]), int(found[2]), int(found[3]))
    return None
