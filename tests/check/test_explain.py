"""What a schema has against a value, in words."""

from __future__ import annotations

from typing import Any

import pytest

from meshwright.schemaproblems import problems


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        ({"type": "string"}, 5, ["type () it is an integer, and must be a string"]),
        (
            {"properties": {"a": {"type": ["integer", "null"]}}},
            {"a": "x"},
            ["type ('a',) 'a' is a string ('x'), and must be an integer"],
        ),
        ({"required": ["a", "b"]}, {"a": 1}, ["required () 'b' is missing"]),
        (
            {"properties": {"a": {"enum": ["one", "two"]}}},
            {"a": "on"},
            ["value ('a',) 'a' is 'on', and must be one of 'one', 'two'; did you mean 'one'?"],
        ),
        ({"properties": {"a": {"const": 1}}}, {"a": 2}, ["value ('a',) 'a' is 2, and must be 1"]),
        (
            {"properties": {"a": {"minimum": 1}}},
            {"a": 0},
            ["value ('a',) 'a' is 0, and must be at least 1"],
        ),
        (
            {"properties": {"a": {"pattern": "^x$"}}},
            {"a": "y"},
            ["value ('a',) 'a' is 'y', which does not match ^x$"],
        ),
        (
            {"properties": {"a": {"oneOf": [{"type": "string"}, {"type": "integer"}]}}},
            {"a": []},
            ["type ('a',) 'a' is a list, and must be a string or an integer"],
        ),
        (
            {"anyOf": [{"required": ["a"]}, {"required": ["b"]}]},
            {},
            ["required () it needs one of a, b"],
        ),
        (
            {"items": {"properties": {"a.b": {"type": "string"}}}},
            [{}, {"a.b": 1}],
            ["type (1, 'a.b') '[1]['a.b']' is an integer, and must be a string"],
        ),
        (
            {"anyOf": [{"type": "null"}, {"properties": {"a": {"type": "string"}}, "type": "object"}]},
            {"a": 1},
            ["type ('a',) 'a' is an integer, and must be a string"],
        ),
    ],
)
def test_words(schema: dict[str, Any], value: Any, expected: list[str]) -> None:
    assert [f"{found.code} {found.pointer} {found.text}" for found in problems(schema, value)] == expected


def test_every_unknown_key_with_the_nearest_known_one() -> None:
    schema = {
        "properties": {"dashboard": {}, "tap": {}},
        "patternProperties": {"^x-": {}},
        "additionalProperties": False,
    }

    found = problems(schema, {"dahsboard": 1, "zzz": 2, "x-fine": 3, "tap": 4})

    assert [(item.code, item.pointer, item.hint) for item in found] == [
        ("unknown", ("dahsboard",), "; did you mean 'dashboard'?"),
        ("unknown", ("zzz",), ""),
    ]


def test_a_misspelt_name_is_not_missing_too() -> None:
    schema = {
        "properties": {"inject": {}, "namespace": {}},
        "required": ["inject", "namespace"],
        "additionalProperties": False,
    }

    found = problems(schema, {"injct": "enabled"})

    assert [(item.code, item.text) for item in found] == [
        ("unknown", "injct"),
        ("required", "'namespace' is missing"),
    ]


def test_removed_keys_say_what_became_of_them() -> None:
    schema = {"properties": {}, "additionalProperties": False, "x-removed": {"old": "renamed; write new"}}

    found = problems(schema, {"old": 1})

    assert [(item.code, item.hint) for item in found] == [("removed", "renamed; write new")]


def test_sensitive_text_is_not_shown_where_text_belongs() -> None:
    found = problems({"additionalProperties": {"type": "string"}}, {"password": 12345})

    assert "12345" not in found[0].text


def test_nothing_wrong() -> None:
    assert problems({"type": "object"}, {}) == []
