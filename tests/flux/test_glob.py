"""Shell patterns of trimming operators."""

from __future__ import annotations

import time

import pytest

from meshwright.flux.glob import trim_prefix, trim_suffix


@pytest.mark.parametrize(
    ("text", "pattern", "longest", "expected"),
    [
        ("aaab", "a*", False, "aab"),
        ("aaab", "a*", True, ""),
        ("a/b/c", "*/", False, "b/c"),
        ("a/b/c", "*/", True, "c"),
        ("x.y", "?.", False, "y"),
        ("b1", "[a-c]", False, "1"),
        ("b1", "[^a-c]", False, "b1"),
        ("d1", "[^a-c]", False, "1"),
        ("*1", r"\*", False, "1"),
        ("x", "[", False, "x"),
        ("x", "\\", False, "x"),
        ("x", "[a-", False, "x"),
        ("line\nend", "*e", True, "nd"),
        ("x", "", False, "x"),
    ],
)
def test_prefix(text: str, pattern: str, longest: bool, expected: str) -> None:
    assert trim_prefix(text, pattern, longest=longest) == expected


def test_suffix() -> None:
    assert trim_suffix("a.b.c", ".*", longest=False) == "a.b"
    assert trim_suffix("a.b.c", ".*", longest=True) == "a"


def test_half_a_character_counts() -> None:
    assert trim_prefix("éa", "?", longest=False) == "\udca9a"
    assert trim_suffix("aé", "?", longest=False) == "a\ufffd"


@pytest.mark.parametrize("longest", [False, True])
def test_time_is_linear(longest: bool) -> None:
    started = time.process_time()

    assert trim_prefix("a" * 100_000, "*a" * 20 + "b", longest=longest) == "a" * 100_000
    assert trim_suffix("a" * 100_000, "b" + "*a" * 20, longest=longest) == "a" * 100_000

    assert time.process_time() - started < 5
