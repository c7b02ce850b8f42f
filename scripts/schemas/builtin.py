"""Kubernetes' built-in kinds, from the schemas inside the package kubernetes-validate.

Its files point at each other through HTTP ids, which kubeconform would fetch. Here every file
stands alone and carries the definitions it reaches. Field names stay as they are, and so does the
null that most fields take: the API server drops it, and charts render it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import resources
from pathlib import PurePosixPath
from typing import Any

from scripts.schemas.resource import Schema, object_meta, resource

MINORS = ("1.34", "1.35", "1.36", "1.37")

_KEPT = {"type", "enum", "required"}
_OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
# resource() writes these its own way.
_REPLACED_FIELDS = {"metadata", "status"}
# What the package says otherwise: these two are a oneOf there whose branches each take null, so that
# null fits both and fails.
_REPLACED: dict[str, Schema] = {
    _OBJECT_META: object_meta(),
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {"type": ["integer", "string", "null"]},
    "io.k8s.apimachinery.pkg.api.resource.Quantity": {"type": ["number", "string", "null"]},
}


def builtin_kinds() -> Iterator[tuple[PurePosixPath, Schema]]:
    """Path below schema/ and schema of every kind that a manifest may hold, for each of MINORS."""
    package = resources.files("kubernetes_validate") / "kubernetes-json-schema"
    for minor in MINORS:
        source = package / f"v{minor}.0-local-strict" / "_definitions.json"
        definitions = json.loads(source.read_text(encoding="utf-8"))["$defs"]
        for name, definition in definitions.items():
            if _is_kind(definition):
                group, version, kind = _identity(definition)
                path = PurePosixPath("kubernetes", f"v{minor}.0", file_name(group, version, kind))
                yield path, resource(group, version, kind, _standalone(name, definitions))


def file_name(group: str, version: str, kind: str) -> str:
    """The name that kubeconform makes of ``{{.ResourceKind}}{{.KindSuffix}}.json``."""
    prefix = f"{group.split('.')[0]}-" if group else ""
    return f"{kind}-{prefix}{version}.json".lower()


def _is_kind(definition: Schema) -> bool:
    """Lists have ListMeta, and options such as DeleteOptions belong to every group."""
    metadata = definition.get("properties", {}).get("metadata", {}).get("$ref", "")
    identities = definition.get("x-kubernetes-group-version-kind", ())
    return len(identities) == 1 and _target(metadata) == _OBJECT_META


def _identity(definition: Schema) -> tuple[str, str, str]:
    (identity,) = definition["x-kubernetes-group-version-kind"]
    return identity["group"], identity["version"], identity["kind"]


def _standalone(name: str, definitions: Schema) -> Schema:
    """The definition ``name`` with every definition it reaches."""
    fields = {
        key: {} if key in _REPLACED_FIELDS else field
        for key, field in definitions[name]["properties"].items()
    }
    root = {**definitions[name], "properties": fields}
    reached: Schema = {}
    todo = list(_references(root))
    while todo:
        reference = todo.pop()
        short = _short(reference)
        if short in reached:
            if reached[short][0] != reference:
                raise ValueError(f"{name}: {reference} and {reached[short][0]} would share the name {short}")
            continue
        reached[short] = (reference, _REPLACED.get(reference) or _clean(definitions[reference]))
        if reference not in _REPLACED:
            todo += _references(definitions[reference])
    kept = {short: schema for short, (_, schema) in reached.items()}
    return _clean(root) | ({"definitions": kept} if kept else {})


def _clean(schema: Schema) -> Schema:
    if "$ref" in schema:
        return {"$ref": f"#/definitions/{_short(_target(schema['$ref']))}"}
    result: Schema = {key: value for key, value in schema.items() if key in _KEPT}
    if schema.get("format") == "date-time":
        result["format"] = "date-time"
    if "properties" in schema:
        result["properties"] = {key: _clean(value) for key, value in schema["properties"].items()}
    if "items" in schema:
        # A null in a list is no absent field: the API server would read an empty string or a zero.
        result["items"] = _without_null(_clean(schema["items"]))
    extra = schema.get("additionalProperties")
    if extra is not None:
        result["additionalProperties"] = _clean(extra) if isinstance(extra, dict) else extra
    return result


def _without_null(schema: Schema) -> Schema:
    types = schema.get("type")
    if not isinstance(types, list):
        return schema
    left = [name for name in types if name != "null"]
    return {**schema, "type": left[0] if len(left) == 1 else left}


def _target(reference: str) -> str:
    return reference.rpartition("/")[2]


def _short(name: str) -> str:
    return name.rpartition(".")[2]


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield _target(schema["$ref"])
        for value in schema.values():
            yield from _references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _references(value)
