"""The shell patterns of Go's path.Match and path/filepath.Match.

``*`` matches anything except a slash, ``?`` one character except a slash, ``[a-z]`` and ``[^a-z]`` one
character of a set, and a backslash escapes the next character. A malformed pattern matches nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from meshwright.patterns.regexp import Pattern, compile_pattern

_LITERAL = re.compile(r"[^*?\[\\]*")


@dataclass(frozen=True)
class Star:
    """Any number of characters."""


@dataclass(frozen=True)
class OneCharacter:
    """One character: in one of ``ranges``, or in none of them if ``negated``."""

    ranges: tuple[tuple[str, str], ...] = ()
    negated: bool = True

    def takes(self, char: str) -> bool:
        """Whether ``char`` is in the set."""
        return any(low <= char <= high for low, high in self.ranges) is not self.negated


Token = Star | OneCharacter
ANY = OneCharacter()


def parse(pattern: str) -> list[Token] | None:
    """The tokens of a pattern; None if it is malformed."""
    tokens: list[Token] = []
    index = 0
    while index < len(pattern):
        char = pattern[index]
        index += 1
        if char == "*":
            if not (tokens and isinstance(tokens[-1], Star)):
                tokens.append(Star())
        elif char == "?":
            tokens.append(ANY)
        elif char == "[":
            found = _set(pattern, index)
            if found is None:
                return None
            token, index = found
            tokens.append(token)
        else:
            if char == "\\":
                if index == len(pattern):
                    return None
                char = pattern[index]
                index += 1
            tokens.append(OneCharacter(((char, char),), False))
    return tokens


def _set(pattern: str, index: int) -> tuple[OneCharacter, int] | None:
    """The set opened just before ``index``, and the index after it."""
    negated = pattern.startswith("^", index)
    index += negated
    ranges: list[tuple[str, str]] = []
    while not (ranges and pattern.startswith("]", index)):
        low = _member(pattern, index)
        if low is None:
            return None
        first, index = low
        last = first
        if pattern.startswith("-", index):
            high = _member(pattern, index + 1)
            if high is None:
                return None
            last, index = high
        ranges.append((first, last))
    return OneCharacter(tuple(ranges), negated), index + 1


def _member(pattern: str, index: int) -> tuple[str, int] | None:
    if index >= len(pattern) or pattern[index] in "-]":
        return None
    if pattern[index] == "\\":
        index += 1
    # A set that ends here is not closed and so malformed.
    if index + 1 >= len(pattern):
        return None
    return pattern[index], index + 1


@lru_cache(maxsize=4096)
def matcher(pattern: str) -> Callable[[str], bool]:
    """A function that tells whether a whole text matches ``pattern``."""
    if _LITERAL.fullmatch(pattern):
        return pattern.__eq__
    tokens = parse(pattern)
    if tokens is None:
        return _never_matches
    # The most common forms, such as *.yaml, do not need the library.
    end = pattern.lstrip("*")
    if end != pattern and _LITERAL.fullmatch(end):
        return lambda text: text.endswith(end) and "/" not in text[: len(text) - len(end)]
    return _first_match(tokens)


def _never_matches(text: str) -> bool:  # noqa: ARG001 - called like the others
    return False


def _first_match(tokens: list[Token]) -> Callable[[str], bool]:
    """Match each star with the tokens after it at its first match, without backtracking, as Go does.

    Backtracking would differ where a set matches a slash, which a star does not.
    """
    parts: list[list[Token]] = [[]]
    for token in tokens:
        if isinstance(token, Star):
            parts.append([])
        parts[-1].append(token)
    *before, last = [_compiled(part) for part in parts]

    def fits(text: str) -> bool:
        for part in before:
            taken = part.beginning(text)
            if taken is None:
                return False
            text = text[taken:]
        return last.fits(text)

    return fits


def _compiled(tokens: list[Token]) -> Pattern:
    return compile_pattern("".join(map(_expression, tokens)), dot_takes_newline=True)


def _expression(token: Token) -> str:
    if isinstance(token, Star):
        return "[^/]*?"
    if token is ANY:
        return "[^/]"
    ranges = "".join(f"\\x{{{ord(a):x}}}-\\x{{{ord(b):x}}}" for a, b in token.ranges if a <= b)
    if not ranges:
        return "." if token.negated else "[^\\x{0}-\\x{10FFFF}]"
    return f"[{'^' if token.negated else ''}{ranges}]"


def matches(pattern: str, text: str) -> bool:
    """Whether the whole ``text`` matches ``pattern``."""
    return matcher(pattern)(text)
