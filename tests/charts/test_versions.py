"""Versions and ranges; tests/oracles compares thousands with the real library."""

from __future__ import annotations

import time

import pytest

from meshwright.charts.versions import Range, VersionFault, is_version, newest, read_version


@pytest.mark.parametrize(
    ("names", "wanted", "found"),
    [
        (["1.0.0", "1.10.0", "1.9.0"], "1.x", "1.10.0"),
        (["v1.0.0", "v1.1.0"], "^1", "v1.1.0"),
        (["1.0.0", "v1.0.0"], "v1.0.0", "v1.0.0"),
        (["1.0.0", "2.0.0-rc.1"], "", "1.0.0"),
        (["1.0.0", "2.0.0-rc.1"], ">=1.0.0-0", "2.0.0-rc.1"),
        (["latest", "1.0.0"], "", "1.0.0"),
        (["latest", "1.0.0"], "latest", "latest"),
        (["1.0.0"], "2.x", None),
        ([], "", None),
    ],
)
def test_the_newest(names: list[str], wanted: str, found: str | None) -> None:
    assert newest(names, wanted) == found


@pytest.mark.parametrize(
    "text", ["latest", ">= ", "1.2.3.4", "a || b", "1," * 300, "||" * 40, "99999999999999999999"]
)
def test_what_is_no_range(text: str) -> None:
    with pytest.raises(VersionFault):
        Range(text)


@pytest.mark.parametrize("text", ["1" + " " * 500 + "!", "1, " * 160 + "!", ">" * 500, "1 - " * 120])
def test_a_hostile_range_takes_no_time(text: str) -> None:
    started = time.monotonic()
    with pytest.raises(VersionFault):
        Range(text)
    assert time.monotonic() - started < 1


def test_only_three_numbers_are_a_version() -> None:
    assert [is_version(text) for text in ("1.2.3", "v1.2.3-rc.1+b", "1.2", "1.x", "latest")] == [
        True, True, False, False, False,
    ]  # fmt: skip


def test_versions_are_ordered() -> None:
    texts = ["0.9.9", "1.0.0-1", "1.0.0-2", "1.0.0-10", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0", "1.0.1"]
    assert [str(text) for text in sorted(texts, key=read_version)] == texts
