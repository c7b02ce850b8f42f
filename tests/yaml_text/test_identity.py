"""The text by which data are known."""

from __future__ import annotations

from typing import Any

import pytest

from meshwright.yaml.canonicaltext import identity


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1, "b": [2]}, {"b": [2], "a": 1}),
        ({"a": 1, 7: [{None: 0, "x": 1}]}, {7: [{"x": 1, None: 0}], "a": 1}),
    ],
    ids=["plain", "keys that have no order"],
)
def test_the_order_of_keys_does_not_count(one: Any, other: Any) -> None:
    assert identity(one) == identity(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({7: 1, "a": 0}, {"7": 1, "a": 0}),
        ({True: 1, "a": 0}, {"True": 1, "a": 0}),
        ([{1: 0, "a": [1, 2]}], [{1: 0, "a": [2, 1]}]),
    ],
)
def test_other_data_have_another_text(one: Any, other: Any) -> None:
    assert identity(one) != identity(other)
