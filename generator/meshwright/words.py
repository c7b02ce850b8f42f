"""Wording shared by findings."""

from __future__ import annotations

from collections.abc import Iterable


def closest(word: str, candidates: Iterable[str], cutoff: float = 0.7) -> str | None:
    """The candidate most similar to ``word``, if one is similar enough: 1 is the same word."""
    import difflib

    by_lower = {candidate.lower(): candidate for candidate in sorted(candidates, reverse=True)}
    matches = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=cutoff)
    return by_lower[matches[0]] if matches else None


def typing_errors(one: str, other: str) -> int:
    """How many characters must be replaced, added, left out or swapped with the next to get ``other``."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, char in enumerate(one, 1):
        previous, before, row = before, row, [i]
        for j, wanted in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (char != wanted))
            if i > 1 and j > 1 and char == other[j - 2] and one[i - 2] == wanted:
                cost = min(cost, previous[j - 2] + 1)
            row.append(cost)
    return row[-1]


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """``; did you mean 'x'?``, or empty without a similar candidate."""
    found = closest(word, candidates)
    return f"; did you mean '{found}'?" if found else ""


def plural(count: int, noun: str) -> str:
    """``1 root``, ``2 roots``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
