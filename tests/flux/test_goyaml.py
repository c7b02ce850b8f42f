"""The text form that Flux substitutes in, and how it reads the text again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshwright.flux import goyaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", True),
        ("on", True),
        ("y", True),
        ("off", False),
        ("N", False),
        ("'on'", "on"),
        ("0777", 511),
        ("08", 8),
        ("1_000", 1000),
        ("0x1F", 31),
        ("0b11", 3),
        ("1e3", 1000),
        ("1.5", 1.5),
        ("~", None),
        ("", None),
        ("2024-01-01", "2024-01-01"),
        ("12:30:45", "12:30:45"),
        ("1.2.3", "1.2.3"),
        ("1e400", "1e400"),
    ],
)
def test_plain_scalars(text: str, value: Any) -> None:
    read = goyaml.read(f"a: {text}\n")["a"]
    assert read == value
    assert type(read) is type(value)


def test_no_number_that_json_lacks() -> None:
    with pytest.raises(ValueError, match="no number"):
        goyaml.read("a: .inf\n")


def test_quotes_are_only_where_they_are_needed() -> None:
    assert goyaml.write({"a": "${X}", "b": "on", "c": "${X}: y", "d": "one\ntwo\n"}) == (
        "a: ${X}\nb: \"on\"\nc: '${X}: y'\nd: |\n  one\n  two\n"
    )


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(st.characters(codec="utf-8", exclude_categories=["C"])),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc-./ ", min_size=1), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.text("abcdefyno", min_size=1), values, min_size=1, max_size=4))
def test_what_is_written_is_read_back(data: dict[str, Any]) -> None:
    assert goyaml.read(goyaml.write(data)) == data
