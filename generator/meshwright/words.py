"""Wording shared by findings."""

from __future__ import annotations

from collections.abc import Iterable


def closest(word: str, candidates: Iterable[str], cutoff: float = 0.7) -> str | None:
    """The candidate most similar to ``word``, if one is similar enough: 1 is the same word."""
    import difflib

    by_lower = {candidate.lower(): candidate for candidate in sorted(candidates, reverse=True)}
    matches = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=cutoff)
    return by_lower[matches[0]] if matches else None


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """``; did you mean 'x'?``, or empty without a similar candidate."""
    found = closest(word, candidates)
    return f"; did you mean '{found}'?" if found else ""


def plural(count: int, noun: str) -> str:
    """``1 root``, ``2 roots``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
