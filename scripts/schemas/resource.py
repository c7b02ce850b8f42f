"""The outside of every resource's schema: apiVersion, kind, metadata."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

# OpenAPI v3 has draft 4's boolean exclusiveMinimum, and kubeconform's default is draft 4 too.
DRAFT = "http://json-schema.org/draft-04/schema#"

_TEXT: Schema = {"type": "string"}
_COUNT: Schema = {"type": "integer"}
# Written by the API server; generated manifests often carry creationTimestamp: null.
_TIME: Schema = {"type": ["string", "null"], "format": "date-time"}
# The API server writes it; what a manifest says there is dropped.
_STATUS: Schema = {"type": ["object", "null"]}
_LABEL: Schema = {
    "type": "string",
    "maxLength": 63,
    "pattern": "^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$",
}
_NAMESPACE: Schema = {"type": "string", "maxLength": 63, "pattern": "^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$"}


def closed(properties: Schema, required: list[str] | None = None, **keywords: Any) -> Schema:
    """An object that takes no other key than ``properties``."""
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False, **keywords}
    return schema | ({"required": required} if required else {})


def object_meta(constraints: Schema | None = None) -> Schema:
    """ObjectMeta of meta/v1; ``constraints`` are what a CRD asks of metadata.name and its like."""
    owner = closed(
        {
            "apiVersion": _TEXT,
            "blockOwnerDeletion": {"type": "boolean"},
            "controller": {"type": "boolean"},
            "kind": _TEXT,
            "name": _TEXT,
            "uid": _TEXT,
        },
        ["apiVersion", "kind", "name", "uid"],
    )
    properties: Schema = {
        "annotations": {"type": ["object", "null"], "additionalProperties": _TEXT},
        "creationTimestamp": _TIME,
        "deletionGracePeriodSeconds": _COUNT,
        "deletionTimestamp": _TIME,
        "finalizers": {"type": ["array", "null"], "items": _TEXT},
        "generateName": _TEXT,
        "generation": _COUNT,
        "labels": {"type": ["object", "null"], "additionalProperties": _LABEL},
        "managedFields": {"type": ["array", "null"], "items": {"type": "object"}},
        "name": _TEXT,
        "namespace": _NAMESPACE,
        "ownerReferences": {"type": ["array", "null"], "items": owner},
        "resourceVersion": _TEXT,
        "selfLink": _TEXT,
        "uid": _TEXT,
    }
    for name, extra in (constraints or {}).get("properties", {}).items():
        properties[name] = {**properties[name], **extra}
    return closed(properties)


def resource(group: str, version: str, kind: str, body: Schema) -> Schema:
    """A whole resource: ``body`` is an object; its apiVersion, kind, metadata and status are replaced."""
    properties = {
        **body.get("properties", {}),
        **({"status": _STATUS} if "status" in body.get("properties", {}) else {}),
        "apiVersion": {"type": "string", "enum": [f"{group}/{version}" if group else version]},
        "kind": {"type": "string", "enum": [kind]},
        "metadata": object_meta(body.get("properties", {}).get("metadata")),
    }
    required = sorted({*body.get("required", []), "apiVersion", "kind", "metadata"})
    return {"$schema": DRAFT, **body, "type": "object", "properties": properties, "required": required}
