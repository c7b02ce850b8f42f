"""A CRD's openAPIV3Schema as a JSON Schema that refuses what the API server would prune.

https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/
says what a structural schema may hold; CEL rules (x-kubernetes-validations) have no counterpart.
"""

from __future__ import annotations

from typing import Any

from jsonschema import Draft4Validator

from scripts.schemas.resource import Schema

# Keywords that mean the same in JSON Schema draft 4.
_KEPT = {
    "enum", "pattern", "required", "uniqueItems", "multipleOf",
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
    "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties",
}  # fmt: skip
# kubeconform and the API server agree on these alone; the sizes of numbers and "byte" say nothing to it.
_FORMATS = {"date", "date-time", "duration", "ipv4", "ipv6"}
_OPEN = ("x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource")


def json_schema(structural: Schema) -> Schema:
    """The JSON Schema of a structural schema, objects closed, prose dropped."""
    result = _values(structural)
    if "type" in structural:
        result["type"] = structural["type"]
    if structural.get("x-kubernetes-int-or-string"):
        result["type"] = ["integer", "string"]
        result.pop("anyOf", None)
    if structural.get("nullable"):
        _allow_null(result)
    if "items" in structural:
        result["items"] = json_schema(structural["items"])
    properties = structural.get("properties", {})
    if properties:
        result["properties"] = {name: json_schema(schema) for name, schema in properties.items()}
    extra = structural.get("additionalProperties")
    if isinstance(extra, dict):
        result["additionalProperties"] = json_schema(extra)
    elif extra is not None:
        result["additionalProperties"] = extra
    elif structural.get("type") == "object" and not any(structural.get(keyword) for keyword in _OPEN):
        result["additionalProperties"] = False
    _apply_defaults(result, properties)
    return result


def _values(schema: Schema) -> Schema:
    """What a schema, or a branch of its anyOf, asks of a value; a branch never closes an object."""
    result: Schema = {key: value for key, value in schema.items() if key in _KEPT}
    if schema.get("format") in _FORMATS:
        result["format"] = schema["format"]
    for keyword in ("allOf", "anyOf", "oneOf"):
        if keyword in schema:
            result[keyword] = [_branch(branch) for branch in schema[keyword]]
    if "not" in schema:
        result["not"] = _branch(schema["not"])
    return result


def _branch(schema: Schema) -> Schema:
    result = _values(schema)
    if "type" in schema:
        result["type"] = schema["type"]
    if "items" in schema:
        result["items"] = _branch(schema["items"])
    if "properties" in schema:
        result["properties"] = {name: _branch(value) for name, value in schema["properties"].items()}
    return result


def _allow_null(schema: Schema) -> None:
    types = schema.get("type")
    if types is not None:
        schema["type"] = [*(types if isinstance(types, list) else [types]), "null"]
    if "enum" in schema:
        schema["enum"] = [*schema["enum"], None]


def _apply_defaults(schema: Schema, properties: dict[str, Any]) -> None:
    """The API server fills in defaults, then validates: an absent field may satisfy or break a rule."""
    defaults = {name: value["default"] for name, value in properties.items() if "default" in value}
    if "required" in schema:
        schema["required"] = [name for name in schema["required"] if name not in defaults]
        if not schema["required"]:
            del schema["required"]
    for keyword in ("allOf", "anyOf", "oneOf"):
        for branch in schema.get(keyword, ()):
            broken = [
                name
                for name, rule in branch.get("properties", {}).items()
                if name in defaults and not Draft4Validator(rule).is_valid(defaults[name])
            ]
            if broken:
                # Without the field its default would break this branch, so the branch needs the field.
                branch["required"] = sorted({*branch.get("required", []), *broken})
