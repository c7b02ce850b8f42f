"""A line of the timeline, in its own module so that a cached report can be read without the analysis."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reason:
    """``title`` is the unit that comes first; ``why`` is a short reason with its ``position``."""

    title: str
    why: str
    position: str = ""


@dataclass(frozen=True)
class Line:
    """One unit. Units of the same ``rank`` come up in any order; rank 0 never comes up."""

    cluster: str
    rank: int
    title: str
    what: str
    after: tuple[Reason, ...]
