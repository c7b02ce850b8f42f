"""Paths that a generator's pattern cannot take are not compared with it, and no other path is left out."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshwright.argocd.gitgenerator import under
from meshwright.patterns.pathspec import matches as git_lists
from meshwright.patterns.shell import matches as path_matches

PARTS = st.sampled_from(
    ["a", "b", "ab", "a.b", "a b", "\u00e4", "\U0010ffff", "*", "a*", "?", "[ab]", "\\a", ".", ".."]
)
PATHS = st.lists(PARTS, min_size=1, max_size=3).map("/".join)
PATTERNS = st.builds(lambda path, end: f"{path}{end}", PATHS | st.just(""), st.sampled_from(["", "/", "//"]))


@pytest.mark.parametrize("matches", [git_lists, path_matches])
@given(pattern=PATTERNS, paths=st.lists(PATHS, max_size=20))
def test_what_is_left_out_does_not_match(
    matches: Callable[[str, str], bool], pattern: str, paths: list[str]
) -> None:
    candidates = sorted(paths)
    taken = under(pattern, candidates)

    assert [path for path in candidates if matches(pattern, path)] == [
        path for path in taken if matches(pattern, path)
    ]


def test_a_beginning_without_wildcards_narrows() -> None:
    assert under("apps/b*", ["apps", "apps/a", "apps/b", "apps/bc", "apps/c"]) == ["apps/b", "apps/bc"]
