"""The difference as JSON, by schema/diff-report.schema.json."""

from __future__ import annotations

from typing import Any

from meshwright import __version__
from meshwright.difference.model import (
    ChangeKind,
    Difference,
    Field,
    Key,
    ObjectDifference,
    Path,
    RootDifference,
    SchemaChange,
)
from meshwright.inert import json_text

SCHEMA_VERSION = 1


def render(difference: Difference, old: str = "", new: str = "") -> str:
    """The difference as JSON, ending with a line break; ``old`` and ``new`` name the compared states."""
    return json_text(as_data(difference, old, new)) + "\n"


def as_data(difference: Difference, old: str = "", new: str = "") -> dict[str, Any]:
    """The difference as plain data; an empty ``new`` means the work tree."""
    counts = {
        change.value: difference.count(change) for change in ChangeKind if change is not ChangeKind.REORDERED
    }
    return {
        "schema_version": SCHEMA_VERSION,
        "meshwright": __version__,
        "old": old,
        "new": new,
        **({"notes": list(difference.notes)} if difference.notes else {}),
        "summary": {
            "roots": len(difference.roots),
            **counts,
            "restarts": list(difference.restarts),
            "not_compared": len(difference.not_compared),
        },
        "roots": [_root(root) for root in difference.roots],
        "not_compared": [
            {"subject": item.subject, "side": item.side, "reason": item.reason}
            for item in difference.not_compared
        ],
    }


def _root(root: RootDifference) -> dict[str, Any]:
    return {
        "change": root.change.value,
        "kind": root.kind,
        "name": root.name,
        "path": root.path,
        "cluster": root.cluster,
        "objects": [_object(item) for item in root.objects],
    }


def _object(item: ObjectDifference) -> dict[str, Any]:
    data: dict[str, Any] = {
        "change": item.change.value,
        "apiVersion": item.api_version,
        "kind": item.kind,
        "namespace": item.namespace,
        "name": item.name,
        "fields": [_field(field) for field in item.fields],
    }
    optional = {
        "effect": item.effect.value if item.effect else "",
        "charts": [{"name": found.chart, "old": found.old, "new": found.new} for found in item.charts],
        "schemas": [_schema(schema) for schema in item.schemas],
        "moved_from": item.source,
        "new_suffix": item.renamed,
        "note": item.note,
        "followers": [
            {"object": follower.title, **({"effect": follower.effect.value} if follower.effect else {})}
            for follower in item.followers
        ],
    }
    return {**data, **{name: value for name, value in optional.items() if value}}


def _field(field: Field) -> dict[str, Any]:
    data: dict[str, Any] = {"field": field.title, "change": field.change.value, "path": _path(field.path)}
    if field.inner:
        data["inner"] = _path(field.inner)
    if field.index is not None:
        data["index"] = field.index
    if field.layout:
        data["layout"] = True
    if field.hidden:
        data["hidden"] = True
        return data
    if field.change is not ChangeKind.ADDED:
        data["old"] = _value(field.old)
    if field.change is not ChangeKind.REMOVED:
        data["new"] = _value(field.new)
    return data


def _schema(schema: SchemaChange) -> dict[str, Any]:
    return {
        "version": schema.version,
        "change": schema.change.value,
        "added": list(schema.added),
        "removed": list(schema.removed),
        "changed": list(schema.changed),
        "descriptions": schema.described,
    }


def _path(path: Path) -> list[Any]:
    return [dict(step.fields) if isinstance(step, Key) else step for step in path]


def _value(value: Any) -> Any:
    if isinstance(value, tuple):
        return [dict(item.fields) for item in value]
    return value
