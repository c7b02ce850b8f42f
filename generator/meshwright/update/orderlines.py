"""The order in which the engine applies the roots that an update changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby

from meshwright.check.order.line import Line
from meshwright.difference.model import ChangeKind, Difference

_ANY = "same number: in any order"
_WAVES = f"{_ANY}; sync waves order only new Applications"
_ARGOCD = "Application "


def changed_order(timeline: Iterable[Line], difference: Difference) -> tuple[Line, ...]:
    """The lines of changed roots.

    ``timeline`` is the order of a start, and Flux keeps to it. On Argo CD, every existing Application syncs a
    commit on its own, so these all have rank 1, and the waves order those that are new.
    """
    changes = {(root.cluster, root.title): root.change for root in difference.roots}
    lines = [line for line in timeline if (line.cluster, line.title) in changes]
    return tuple(
        sorted(
            (_updated(line, changes[line.cluster, line.title]) for line in lines),
            key=lambda line: (line.cluster, line.rank == 0, line.rank),
        )
    )


def _updated(line: Line, change: ChangeKind) -> Line:
    if not line.title.startswith(_ARGOCD) or not line.rank:
        return line
    return replace(line, rank=line.rank + 1 if change is ChangeKind.ADDED else 1)


def order_lines(order: Iterable[Line]) -> Iterator[str]:
    """The order in each cluster; clusters do not wait for one another."""
    clusters = [(name, list(lines)) for name, lines in groupby(order, key=lambda line: line.cluster)]
    for name, lines in clusters:
        of = f" of {name}" if len(clusters) > 1 else ""
        any_order = _WAVES if any(line.title.startswith(_ARGOCD) for line in lines) else _ANY
        yield f"the engine{of} applies the changes in this order ({any_order}):"
        ranks = {rank: number for number, rank in enumerate(sorted({line.rank for line in lines}), 1)}
        yield from (f"  {ranks[line.rank]:3}  {line.title}" for line in lines)
