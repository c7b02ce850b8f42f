"""What the schemas refuse comes with what to write instead, without showing a value that may be secret."""

from __future__ import annotations

from typing import Any

import pytest

from meshwright.schemaproblems import problems

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "version": {"const": 1},
        "inject": {"enum": ["enabled", "disabled", "ingress"]},
        "name": {"type": "string"},
        "timeout": {
            "type": "string",
            "pattern": "^[0-9]+s$",
            "patternErrorMessage": "write a time such as 30s",
        },
        "port": {"type": "integer"},
        "on": {"type": "boolean"},
        "list": {"type": "array"},
    },
    "additionalProperties": False,
}
FULL = {"version": 1, "inject": "enabled", "name": "web"}


@pytest.mark.parametrize(
    ("given", "fix"),
    [
        ({"timeout": 5}, "write a time such as 30s"),
        ({"name": 1234}, "quote it"),
        ({"name": True}, "quote it"),
        ({"name": ["web"]}, ""),
        ({"port": "80"}, "write 80 without quotes"),
        ({"port": "http"}, ""),
        ({"on": "Yes"}, "write true without quotes"),
        ({"on": "maybe"}, ""),
        ({"list": "demo"}, "write it as a list: [demo]"),
        ({"list": 5432}, "write it as a list: [5432]"),
        ({"list": {}}, ""),
        ({"lsit": []}, ""),
        ({"other": 1}, "remove it; the names here are inject, list, name, on, port, timeout, version"),
    ],
)
def test_fix(given: dict[str, Any], fix: str) -> None:
    assert [problem.fix for problem in problems(SCHEMA, {**FULL, **given})] == [fix]


def test_what_is_missing() -> None:
    required = {**SCHEMA, "required": [*FULL, "on"]}

    assert {problem.name: problem.fix for problem in problems(required, {})} == {
        "version": "add version: 1",
        "inject": "add inject: enabled, disabled or ingress",
        "name": "add name",
        "on": "add on",
    }


def test_many_names_are_not_listed() -> None:
    many = {"properties": {f"field{number}": {} for number in range(20)}, "additionalProperties": False}

    assert [problem.fix for problem in problems(many, {"x": 1})] == ["correct its spelling, or remove it"]
