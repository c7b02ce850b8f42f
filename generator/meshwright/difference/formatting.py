"""Formats values and effects for people, identically in every output."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from meshwright.difference.model import ChangeKind, Difference, Effect, Field, ObjectDifference, SchemaChange
from meshwright.inert import printable
from meshwright.words import plural

EFFECTS = {
    Effect.STARTS: "starts pods",
    Effect.STOPS: "stops its pods",
    Effect.RESTARTS: "restarts its pods",
    Effect.NEXT_RUN: "takes effect at its next run",
    Effect.ON_DELETE: "changes its pods only when you delete them",
    Effect.RUNS_AGAIN: "runs again",
    Effect.IMMUTABLE: "is rejected (a Job's template is immutable): delete the Job, "
    "or let the engine replace it",
}
# A reordered list has the sign of a changed one.
SIGNS = dict(zip(ChangeKind, "+-~>~", strict=True))
LAYOUT = "only comments or layout"
_SECRET = "(secret)"
_AROUND = 12
# At least this many objects that only moved are counted instead of listed.
_TOGETHER = 4


def one_line(value: Any, width: int) -> str:
    """A value in at most ``width`` characters: one-line text unchanged, anything else as JSON."""
    if isinstance(value, tuple):
        text = printable(", ".join(str(item) for item in value))
    elif isinstance(value, str) and value and value.strip() == value and printable(value) == value:
        text = value
    else:
        text = json.dumps(value, ensure_ascii=False, default=str)
        # JSON leaves some control characters unescaped, and a terminal would interpret them.
        text = printable(text)
    return text if len(text) <= width else f"{text[: width - 1]}…"


def both(field: Field, width: int) -> tuple[str, str]:
    """Old and new value in one line each; long texts are cut to where they differ."""
    if field.hidden:
        return _SECRET, _SECRET
    if field.layout:
        return "", LAYOUT
    old, new = field.old, field.new
    if isinstance(old, str) and isinstance(new, str) and max(len(old), len(new)) > width:
        start = next(
            (n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new))
        )
        if start > width - _AROUND:
            old, new = (f"…{text[start - _AROUND :]}" for text in (old, new))
    return one_line(old, width), one_line(new, width)


def summary(difference: Difference) -> str:
    """``3 objects changed, 1 added in 2 roots; pods restart: 1 workload``."""
    subjects = len({item.subject for item in difference.not_compared})
    missing = f"; not compared: {subjects}" if subjects else ""
    if difference.is_empty:
        return f"no differences {'in what could be compared' if subjects else 'in rendered objects'}{missing}"
    counts = [(change, difference.count(change)) for change in ChangeKind]
    first = next((number for number, (_, count) in enumerate(counts) if count), 0)
    totals = ", ".join(
        f"{plural(count, 'object')} {change.value}" if number == first else f"{count} {change.value}"
        for number, (change, count) in enumerate(counts)
        if count
    )
    restarts = len(difference.restarts)
    pods = f"; the pods of {plural(restarts, 'workload')} restart" if restarts else ""
    return f"{totals} in {plural(len(difference.roots), 'root')}{pods}{missing}"


def by_move(items: Iterable[ObjectDifference]) -> Iterator[tuple[str, list[ObjectDifference]]]:
    """Groups of objects that only moved, with the root that they come from, then all others with ""."""
    by_source: dict[str, list[ObjectDifference]] = {}
    listed = list(items)
    for item in listed:
        if item.change is ChangeKind.MOVED and not (item.fields or item.renamed or item.effect):
            by_source.setdefault(item.source, []).append(item)
    together = {source: found for source, found in by_source.items() if len(found) >= _TOGETHER}
    yield from sorted(together.items())
    counted = {id(item) for found in together.values() for item in found}
    yield "", [item for item in listed if id(item) not in counted]


def moved(source: str, items: Sequence[ObjectDifference]) -> str:
    """The line for a group of objects that only moved."""
    kinds: dict[str, int] = {}
    for item in items:
        kinds[item.kind] = kinds.get(item.kind, 0) + 1
    counts = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    return f"{plural(len(items), 'object')} moved here unchanged from {source}: {counts}"


def remarks(item: ObjectDifference) -> list[str]:
    """The remarks on an object beside its fields."""
    notes = [
        f"chart {version.chart} {_version(version.old)} -> {_version(version.new)}" for version in item.charts
    ]
    if item.source:
        notes.append(f"moved here from {item.source}")
    if item.note:
        notes.append(item.note)
    if item.renamed:
        notes.append("new name suffix")
    if item.effect:
        notes.append(EFFECTS[item.effect])
    return notes


def _version(version: str) -> str:
    return version or "(any)"


def schema_lines(schemas: Iterable[SchemaChange], most: int) -> list[str]:
    """One line per version of a CustomResourceDefinition."""
    return [f"version {schema.version}: {_schema(schema, most)}" for schema in schemas]


def _schema(schema: SchemaChange, most: int) -> str:
    if schema.change is not ChangeKind.CHANGED:
        return schema.change.value
    parts = [
        f"{plural(len(paths), 'field')} {what} ({_some(paths, most)})"
        for what, paths in (("added", schema.added), ("removed", schema.removed), ("changed", schema.changed))
        if paths
    ]
    if schema.described:
        parts.append(f"{plural(schema.described, 'description')} changed")
    return ", ".join(parts)


def _some(paths: tuple[str, ...], most: int) -> str:
    more = f", and {len(paths) - most} more" if len(paths) > most else ""
    return ", ".join(paths[:most]) + more
