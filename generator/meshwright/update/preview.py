"""The preview of an update: release notes, changed objects, restarts, and the order of the changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from meshwright.check.order.line import Line
from meshwright.difference.comparison import compare
from meshwright.difference.model import Difference
from meshwright.difference.text import render as render_difference
from meshwright.errors import MeshwrightError
from meshwright.linkerd.upgrades import (
    BreakingChange,
    Restart,
    breaking_changes,
    read_version,
    restarts,
)
from meshwright.update.orderlines import changed_order, order_lines
from meshwright.update.outcome import Result
from meshwright.update.restartlines import changes_by_layer, restart_lines

_LINKERD = "linkerd-control-plane"


@dataclass(frozen=True)
class Preview:
    """``breaking_changes`` are Linkerd's between the two versions; ``order`` contains the changed roots."""

    notes: tuple[tuple[str, str], ...]
    difference: Difference
    breaking_changes: tuple[BreakingChange, ...]
    restarts: tuple[Restart, ...]
    order: tuple[Line, ...]


def preview(result: Result) -> Preview:
    """The preview of a result; with conflicts only the release notes, because nothing can be built."""
    merge = result.merge
    notes = merge.template.notes(merge.old, merge.new)
    if result.report is None:
        return Preview(notes, Difference(), (), (), ())
    difference = compare(merge.project.root, result.folder, checkout=merge.project.root)
    changed = changes_by_layer(difference)
    return Preview(
        notes,
        difference,
        _breaking_changes(difference),
        tuple(item for layer, what in changed.items() for item in restarts(layer, what)),
        changed_order(result.report.order, difference),
    )


def lines(result: Result) -> Iterator[str]:
    """The preview for people."""
    found = preview(result)
    for version, text in found.notes:
        yield f"release notes of {version}:"
        yield from (f"  {line}".rstrip() for line in text.splitlines())
    if found.breaking_changes:
        yield "breaking changes of Linkerd between these versions:"
        for change in found.breaking_changes:
            yield f"  {change.since}: {change.title}: {change.breaks}"
            yield f"    do: {change.do} [{change.id}]"
    if not found.difference.is_empty or found.difference.not_compared:
        yield "rendered objects:"
        yield from (f"  {line}".rstrip() for line in render_difference(found.difference).splitlines())
    yield from restart_lines(found.difference, found.restarts)
    yield from order_lines(found.order)


def _breaking_changes(difference: Difference) -> tuple[BreakingChange, ...]:
    for _, item in difference.objects():
        for chart in item.charts:
            are_versions = read_version(chart.old) and read_version(chart.new)
            if chart.chart == _LINKERD and are_versions:
                try:
                    return breaking_changes(chart.old, chart.new)
                except MeshwrightError:
                    return ()
    return ()
