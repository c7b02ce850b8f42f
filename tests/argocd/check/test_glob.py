"""Argo CD's patterns where gobwas/glob reads more, or less, into them than the syntax says."""

from __future__ import annotations

import time

import pytest

from meshwright.argocd.glob import matches


@pytest.mark.parametrize(
    ("pattern", "text", "separators", "fits"),
    [
        ("?", "", "", True),
        ("a?", "a", "", False),
        ("ab*ba", "aba", "", True),
        ("ab*ba", "aba", "/", False),
        ("{*.yaml,x}", "a.yaml", "", True),
        ("{a,b", "b", "", True),
        ("{a,{b,c}}d", "cd", "", True),
        ("[]", "", "", False),
        ("[c-a]", "b", "", False),
        ("[^a]", "^", "", True),
        ("a}", "a}", "", True),
        ("a,b", "a,b", "", True),
        ("a\\", "a", "", True),
        ("***", "a/b", "/", True),
        ("https://*/x", "https://a/x", "/", True),
        ("https://*/x", "https://a/b/x", "/", False),
        ("?é", "aé", "", False),
    ],
)
def test_glob(pattern: str, text: str, separators: str, fits: bool) -> None:
    assert matches(pattern, text, separators) is fits


@pytest.mark.parametrize("separators", ["", "/"])
@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("*a" * 7 + "b", "a" * 60),
        ("*a" * 50 + "b", "a" * 4000),
        ("*a?" * 300 + "b", "a" * 4000),
        ("{*a,b}" * 100 + "c", "a" * 4000),
        ("??a" * 500 + "*", "aé" * 1300),
        ("{" * 3000, "a"),
        ("?*/" * 60 + "b*", "a/" * 2000),
    ],
)
def test_time_is_bounded(pattern: str, text: str, separators: str) -> None:
    started = time.process_time()

    matches(pattern, text, separators)

    assert time.process_time() - started < 3


def test_what_takes_too_long_is_answered_by_the_syntax() -> None:
    pattern = "*a[!x]?" * 100

    assert matches(f"{pattern}*", "aaa" * 800, "/")
    assert not matches(f"{pattern}b", "aaa" * 800, "/")
