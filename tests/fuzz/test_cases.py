"""Two hundred of the cases of `make fuzz`, the same each time."""

from __future__ import annotations

import pytest

from fuzz.runner import run_cases

_CASES, _CHUNK = 200, 50


@pytest.mark.parametrize("first", range(0, _CASES, _CHUNK))
def test_some(first: int) -> None:
    failures = [result.story for result in run_cases(range(first, first + _CHUNK), 1) if result.failures]

    assert not failures, "\n".join(failures)
