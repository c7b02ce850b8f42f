"""How a CRD's schema becomes a JSON Schema."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
from jsonschema import Draft4Validator


@pytest.fixture
def accepts() -> Any:
    convert = importlib.import_module("scripts.schemas.structural").json_schema

    def judge(structural: dict[str, Any], value: Any) -> bool:
        schema = convert(structural)
        Draft4Validator.check_schema(schema)
        return bool(Draft4Validator(schema).is_valid(value))

    return judge


def text(**keywords: Any) -> dict[str, Any]:
    return {"type": "string", **keywords}


def test_objects_are_closed(accepts: Any) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "object", "properties": {"b": text()}}}}
    assert accepts(schema, {"a": {"b": "x"}})
    assert not accepts(schema, {"a": {"c": "x"}})
    assert not accepts({"type": "object"}, {"c": "x"})


@pytest.mark.parametrize(
    "keyword", ["x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource"]
)
def test_what_the_api_server_keeps_stays_open(accepts: Any, keyword: str) -> None:
    assert accepts({"type": "object", keyword: True, "properties": {"a": text()}}, {"b": 1})


def test_maps_take_any_key(accepts: Any) -> None:
    schema = {"type": "object", "additionalProperties": text()}
    assert accepts(schema, {"any": "x"})
    assert not accepts(schema, {"any": 1})


def test_int_or_string(accepts: Any) -> None:
    either = [{"type": "integer"}, {"type": "string"}]
    schema = {"x-kubernetes-int-or-string": True, "anyOf": either, "pattern": "^[0-9]+%$"}
    assert accepts(schema, 3)
    assert accepts(schema, "3%")
    assert not accepts(schema, "three")
    assert not accepts(schema, True)
    assert not accepts(schema, 1.5)


def test_nullable(accepts: Any) -> None:
    assert accepts(text(nullable=True, enum=["a"]), None)
    assert not accepts(text(enum=["a"]), None)


def test_exclusive_bounds_keep_their_meaning(accepts: Any) -> None:
    schema = {"type": "integer", "minimum": 0, "exclusiveMinimum": True}
    assert accepts(schema, 1)
    assert not accepts(schema, 0)


def test_a_field_may_be_called_like_a_keyword(accepts: Any) -> None:
    schema = {
        "type": "object",
        "properties": {"description": text(), "default": text(), "x-kubernetes-a": text()},
    }
    assert accepts(schema, {"description": "a", "default": "b", "x-kubernetes-a": "c"})
    assert not accepts(schema, {"description": 1})


def test_branches_judge_and_do_not_close(accepts: Any) -> None:
    schema = {
        "type": "object",
        "properties": {"a": text(), "b": text(), "c": text()},
        "oneOf": [{"required": ["a"], "properties": {"a": {"enum": ["x"]}}}, {"required": ["b"]}],
    }
    assert accepts(schema, {"a": "x", "c": "z"})
    assert not accepts(schema, {"a": "y"})
    assert not accepts(schema, {"a": "x", "b": "y"})


def test_a_required_field_with_a_default_may_be_left_out(accepts: Any) -> None:
    schema = {
        "type": "object",
        "required": ["provider", "name"],
        "properties": {"provider": text(default="cosign"), "name": text()},
    }
    assert accepts(schema, {"name": "x"})
    assert not accepts(schema, {"provider": "x"})


def test_a_default_decides_between_branches(accepts: Any) -> None:
    """Without its default both branches would fit an address that names no type."""
    schema = {
        "type": "object",
        "properties": {"type": text(default="IPAddress"), "value": text()},
        "oneOf": [
            {"properties": {"type": {"enum": ["IPAddress"]}, "value": {"pattern": "^[0-9.]+$"}}},
            {"properties": {"type": {"not": {"enum": ["IPAddress"]}}}},
        ],
    }
    assert accepts(schema, {"value": "192.0.2.1"})
    assert not accepts(schema, {"value": "host"})
    assert accepts(schema, {"type": "Hostname", "value": "host"})


def test_formats_that_kubeconform_reads_otherwise_are_dropped() -> None:
    convert = importlib.import_module("scripts.schemas.structural").json_schema
    assert convert(text(format="uri")) == {"type": "string"}
    assert convert(text(format="date-time")) == {"type": "string", "format": "date-time"}


def test_sharing_changes_no_judgement() -> None:
    share = importlib.import_module("scripts.schemas.sharing").share
    closed = importlib.import_module("scripts.schemas.resource").closed
    long = closed({f"field{number}": {"type": "string"} for number in range(10)})
    other = closed({f"field{number}": {"type": "integer"} for number in range(10)})
    shared = share(
        closed(
            {"name": closed({"name": long, "x": other}), "list": {"type": "array", "items": long}, "y": other}
        )
    )
    assert sorted(shared["definitions"]) == ["list", "x"]
    validator = Draft4Validator(shared)
    assert validator.is_valid(
        {"name": {"name": {"field1": "a"}}, "list": [{"field1": "a"}], "y": {"field1": 1}}
    )
    assert not validator.is_valid({"name": {"name": {"field1": 1}}})
    assert not validator.is_valid({"list": [{"field10": "a"}]})
    assert not validator.is_valid({"y": {"field1": "a"}})


def test_builtin_definitions_that_contain_themselves() -> None:
    builtin = importlib.import_module("scripts.schemas.builtin")
    closed = importlib.import_module("scripts.schemas.resource").closed
    definitions = {
        "a.Kind": closed({"spec": {"$ref": "#/$defs/a.Tree"}, "status": {"$ref": "#/$defs/a.Status"}}),
        "a.Tree": closed({"children": {"type": ["array", "null"], "items": {"$ref": "#/$defs/a.Tree"}}}),
        "a.Status": closed({}),
    }
    schema = builtin._standalone("a.Kind", definitions)
    assert list(schema["definitions"]) == ["Tree"]
    validator = Draft4Validator(schema)
    assert validator.is_valid({"spec": {"children": [{"children": None}]}})
    assert not validator.is_valid({"spec": {"children": [{"child": []}]}})
