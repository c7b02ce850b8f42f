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


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("1", "1"),
        ("0x10", "16"),
        ("true", "true"),
        ("True", "true"),
        ("1.50", "1.5"),
        ("2.0", "2"),
        (".inf", ".inf"),
    ],
)
def test_a_key_is_text_as_for_kubernetes(text: str, key: str) -> None:
    assert parse(f"{text}: x") == {key: "x"}
    assert parse(f"a: &a\n  {text}: x\nb:\n  <<: *a\n")["b"] == {key: "x"}


@pytest.mark.parametrize("key", ["~", "null", "!!null x", "? !!timestamp {a: b}\n  "])
def test_a_null_key_has_a_place(key: str) -> None:
    with pytest.raises(YamlFault, match="a key must be text") as raised:
        parse(f"a: 1\nb:\n  {key}: 2\n")
    assert str(raised.value.position) == "<text>:3:3"
