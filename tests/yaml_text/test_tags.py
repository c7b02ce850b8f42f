"""Tags that Go reads over, and those that do not fit what they stand at."""

from __future__ import annotations

from typing import Any

import pytest

from meshwright.yaml import YamlFault, parse


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("!!timestamp 2024-01-01", "2024-01-01"),
        ("!!binary YQ==", "a"),
        ("!!set {a}", {"a": None}),
        ("!!omap [a: 1]", [{"a": 1}]),
        ("!!pairs [a: 1]", [{"a": 1}]),
        ("<<", "<<"),
        ("!!bool yes", True),
        ("!!float 1", 1.0),
    ],
)
def test_value(text: str, value: Any) -> None:
    assert parse(f"x: {text}") == {"x": value}


@pytest.mark.parametrize(
    "text", ["!!bool nope", "!!float ''", "!!float x", "!!int x", "!!int ''", "!!binary x"]
)
def test_a_tag_that_does_not_fit_has_a_place(text: str) -> None:
    with pytest.raises(YamlFault) as raised:
        parse(f"x: {text}")
    assert str(raised.value.position) == "<text>:1:4"
