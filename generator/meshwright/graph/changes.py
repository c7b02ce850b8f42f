"""Compares the data of two revisions, and marks in the newer one what a change adds, removes and moves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from meshwright.words import plural

_Row = Mapping[str, Any]
_WORDS = ("added", "removed", "moved", "changed")


def with_changes(new: Mapping[str, Any], old: Mapping[str, Any], revision: str) -> dict[str, Any]:
    """``new`` with ``change`` on units, edges, workloads, certificates and findings, and with ``since``."""
    marked = dict(new)
    removed: dict[str, list[dict[str, Any]]] = {}
    for name, key, compared in (
        ("units", ("id",), ("charts", "objects", "ready", "gate")),
        ("edges", ("unit", "after", "kind"), ()),
        ("workloads", ("cluster", "namespace", "kind", "name"), ("verdict", "settings")),
        ("planned", ("cluster", "role", "secret"), ("lifetime_seconds", "renewed_at_seconds", "signed_by")),
    ):
        marked[name], removed[name] = _compared(new[name], old[name], key, compared)
    before = {_finding_key(row) for row in old["check"]["findings"]}
    now = new["check"]["findings"]
    marked["finding_places"] = [
        place if _finding_key(row) in before else {**place, "change": "added"}
        for row, place in zip(now, new["finding_places"], strict=True)
    ]
    left = {_finding_key(row) for row in now}
    removed["findings"] = [dict(row) for row in old["check"]["findings"] if _finding_key(row) not in left]
    marked["since"] = {"revision": revision, "summary": _summary(marked, removed), "removed": removed}
    return marked


def _compared(
    new: Sequence[_Row], old: Sequence[_Row], key: Sequence[str], compared: Sequence[str]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    def key_of(row: _Row) -> tuple[Any, ...]:
        return tuple(row[name] for name in key)

    before = {key_of(row): row for row in old}
    now = {key_of(row) for row in new}
    found = []
    for row in new:
        change = _change(row, before.get(key_of(row)), compared)
        found.append({**row, "change": change} if change else dict(row))
    return found, [{**row, "change": "removed"} for row in old if key_of(row) not in now]


def _change(row: _Row, before: _Row | None, compared: Iterable[str]) -> str:
    if before is None:
        return "added"
    if row.get("rank") != before.get("rank"):
        return "moved"
    return "changed" if any(row[name] != before[name] for name in compared) else ""


def _finding_key(row: _Row) -> tuple[str, str, str]:
    return (str(row["id"]), str(row["file"]), str(row["message"]))


def _summary(marked: Mapping[str, Any], removed: Mapping[str, Sequence[_Row]]) -> str:
    parts = []
    for name, noun in (("units", "unit"), ("workloads", "workload"), ("planned", "certificate")):
        counts = dict.fromkeys(_WORDS, 0)
        for row in [*marked[name], *removed[name]]:
            if row.get("change"):
                counts[row["change"]] += 1
        parts += [f"{plural(count, noun)} {word}" for word, count in counts.items() if count]
    new = sum("change" in place for place in marked["finding_places"])
    parts += [f"{plural(new, 'new finding')}"] if new else []
    fixed = len(removed["findings"])
    parts += [f"{plural(fixed, 'finding')} fixed"] if fixed else []
    return ", ".join(parts) or "nothing that a picture shows has changed"
