"""The preview of an update: release notes, changed objects, restarts, and the order of the changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

from meshwright.check.order.line import Line
from meshwright.difference.comparison import compare
from meshwright.difference.model import Difference, Field, Key, ObjectDifference
from meshwright.difference.text import render as render_difference
from meshwright.errors import MeshwrightError
from meshwright.linkerd.upgrades import BreakingChange, Restart, breaking_changes, read_version, restarts
from meshwright.update.outcome import Result
from meshwright.yaml.pointer import dotted

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
    changed = _changed(difference)
    touched = {(root.cluster, root.title) for root in difference.roots}
    return Preview(
        notes,
        difference,
        _breaking_changes(difference),
        tuple(item for layer, what in changed.items() for item in restarts(layer, what)),
        tuple(line for line in result.report.order if (line.cluster, line.title) in touched),
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
    yield from _restart_lines(found)
    yield from _order_lines(found.order)


def _restart_lines(found: Preview) -> Iterator[str]:
    own = list(dict.fromkeys(item.layer for item in found.restarts if item.by_itself))
    by_hand = [item for item in found.restarts if not item.by_itself]
    if own or found.difference.restarts:
        names = [f"layer {name}" for name in own] + list(found.difference.restarts)
        yield f"pods that restart automatically: {', '.join(names)}"
    if by_hand:
        yield "pods that you must restart (kubectl rollout restart):"
        for item in dict.fromkeys((item.layer, item.pods, item.why) for item in by_hand):
            layer, pods, why = item
            who = "every meshed pod" if pods == "meshed" else "the control plane"
            yield f"  {who}, for layer {layer}: {why}"


def _order_lines(order: tuple[Line, ...]) -> Iterator[str]:
    """The order in each cluster; clusters do not wait for one another."""
    clusters = [(name, list(lines)) for name, lines in groupby(order, key=lambda line: line.cluster)]
    for name, lines in clusters:
        of = f" of {name}" if len(clusters) > 1 else ""
        yield f"the engine{of} applies the changes in this order (same number: in any order):"
        ranks = {rank: number for number, rank in enumerate(sorted({line.rank for line in lines}), 1)}
        yield from (f"  {ranks[line.rank]:3}  {line.title}" for line in lines)


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


def _changed(difference: Difference) -> Mapping[str, list[str]]:
    """The changes of each layer, named as in linkerd/upgrades.yml; a layer has the name of its root."""
    found: dict[str, list[str]] = {}
    for root, item in difference.objects():
        names = found.setdefault(root.name.rpartition("/")[2], [])
        names.append(f"{item.kind}/{item.name}")
        names += ["version" for _ in item.charts]
        names += [name for field in item.fields if (name := _value(item, field))]
    return found


def _value(item: ObjectDifference, field: Field) -> str:
    """The changed key of a chart's values; empty for any other field."""
    path = field.inner
    if not path and item.kind == "Chart" and field.path[:1] == ("values",):
        path = field.path[1:]
    return dotted([step for step in path if not isinstance(step, Key)])
