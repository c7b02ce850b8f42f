"""Pointers into data: two ways to follow one must agree."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from meshwright.yaml.pointer import holds, lookup, value_at

DATA = st.recursive(
    st.none() | st.integers(0, 2) | st.sampled_from("ab"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
STEPS = st.lists(st.sampled_from("abc") | st.integers(0, 3), max_size=4).map(tuple)


@given(DATA, STEPS)
def test_lookup_is_the_value_that_the_data_holds(data: Any, pointer: tuple[str | int, ...]) -> None:
    expected = value_at(data, pointer) if holds(data, pointer) else None

    assert lookup(data, pointer) == expected
