"""A line of the timeline; apart from what makes it, so that a remembered report needs none of that."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reason:
    """``title`` comes first; ``why`` is as short as dependsOn, ``position`` where that is written."""

    title: str
    why: str
    position: str = ""


@dataclass(frozen=True)
class Line:
    """One unit. Those of one ``rank`` come in any order; rank 0 never comes up."""

    cluster: str
    rank: int
    title: str
    what: str
    after: tuple[Reason, ...]
