"""Summarises changes of CustomResourceDefinitions by version and field of the schema."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from meshwright.difference.fields import same
from meshwright.difference.model import ChangeKind, Field, SchemaChange
from meshwright.yaml.pointer import items_of, mapping_of

_SCHEMA = "schema"


def is_definition(data: Mapping[str, Any]) -> bool:
    """Whether an object is a CustomResourceDefinition."""
    group = str(data.get("apiVersion") or "").rpartition("/")[0]
    return data.get("kind") == "CustomResourceDefinition" and group == "apiextensions.k8s.io"


def without_schemas(fields: Iterable[Field]) -> Iterator[Field]:
    """The fields of a definition outside its versions and their schemas."""
    for field in fields:
        in_version = field.path[:2] == ("spec", "versions") and len(field.path) > 2
        if not in_version or (len(field.path) > 3 and field.path[3] != _SCHEMA):
            yield field


def schema_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[SchemaChange]:
    """The changes in each version's schema, by name of the version."""
    before, after = _versions(old), _versions(new)
    for name in sorted({**before, **after}):
        if name not in after:
            yield SchemaChange(name, ChangeKind.REMOVED)
        elif name not in before:
            yield SchemaChange(name, ChangeKind.ADDED)
        else:
            found = _DefinitionComparison()
            found.compare(_schema(before[name]), _schema(after[name]), "")
            if found.found:
                added, removed, changed = (
                    tuple(sorted(paths)) for paths in (found.added, found.removed, found.changed)
                )
                yield SchemaChange(name, ChangeKind.CHANGED, added, removed, changed, found.described)


class _DefinitionComparison:
    def __init__(self) -> None:
        self.added: list[str] = []
        self.removed: list[str] = []
        self.changed: list[str] = []
        self.described = 0

    @property
    def found(self) -> bool:
        return bool(self.added or self.removed or self.changed or self.described)

    def compare(self, old: Mapping[str, Any], new: Mapping[str, Any], path: str) -> None:
        """Compare two schemas of one field."""
        before, after = mapping_of(old.get("properties")), mapping_of(new.get("properties"))
        for name in {**before, **after}:
            inner = f"{path}.{name}" if path else str(name)
            if name not in after:
                self.removed.append(inner)
            elif name not in before:
                self.added.append(inner)
            else:
                self.compare(mapping_of(before[name]), mapping_of(after[name]), inner)
        for field, mark in (("items", "[]"), ("additionalProperties", "[*]")):
            lower, upper = old.get(field), new.get(field)
            if isinstance(lower, Mapping) and isinstance(upper, Mapping):
                self.compare(lower, upper, f"{path}{mark}")
            elif not same(lower, upper):
                self.changed.append(f"{path}{mark}")
        inner_fields = {"properties", "items", "additionalProperties", "description"}
        rest = [{key: value for key, value in side.items() if key not in inner_fields} for side in (old, new)]
        if not same(*rest):
            self.changed.append(path or ".")
        elif old.get("description") != new.get("description"):
            self.described += 1


def _versions(data: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    versions = mapping_of(data.get("spec")).get("versions")
    return {str(item.get("name")): item for item in items_of(versions) if isinstance(item, Mapping)}


def _schema(version: Mapping[str, Any]) -> Mapping[str, Any]:
    return mapping_of(mapping_of(version.get(_SCHEMA)).get("openAPIV3Schema"))
