"""The patterns of Go's path.Match."""

from __future__ import annotations

import time

import pytest

from meshwright.patterns.shell import matches


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("apps/*", "apps/web", True),
        ("apps/*", "apps/web/deep", False),
        ("apps/**", "apps/web/deep", False),
        ("*/web", "apps/web", True),
        ("ap?s", "apps", True),
        ("ap?s", "ap/s", False),
        ("[a-c]", "b", True),
        ("[^a-c]", "b", False),
        ("[^a]", "/", True),
        ("[!a]", "!", True),
        ("\\*", "*", True),
        ("*.yaml", "a.yaml", True),
        ("*.yaml", "a/b.yaml", False),
        ("é?", "éé", True),
        ("", "", True),
        # Malformed patterns fit nothing, themselves neither.
        ("[", "[", False),
        ("a[", "a", False),
        ("\\", "\\", False),
        ("[]a]", "]", False),
        ("[-]", "-", False),
        # Go never moves a part that has fitted.
        ("*[^a]**", ".éa/.", False),
    ],
)
def test_matches(pattern: str, text: str, fits: bool) -> None:
    assert matches(pattern, text) is fits


def test_time_is_bounded() -> None:
    started = time.process_time()

    assert not matches("*a" * 200 + "b", "a" * 4000)
    assert not matches("*[^b]" * 200 + "b", "a" * 4000)

    assert time.process_time() - started < 2
