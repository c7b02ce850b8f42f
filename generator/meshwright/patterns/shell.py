"""The shell patterns of Go's path.Match and path/filepath.Match.

``*`` takes anything but a slash, ``?`` one character but a slash, ``[a-z]`` and ``[^a-z]`` one of a set, and
a backslash makes the next character plain. A malformed pattern fits nothing.
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
    """One character: any, one of ``ranges``, or one of none of them when ``negated``."""

    ranges: tuple[tuple[str, str], ...] = ()
    negated: bool = True

    def takes(self, char: str) -> bool:
        """Whether ``char`` is one of the set."""
        return any(low <= char <= high for low, high in self.ranges) is not self.negated


Token = Star | OneCharacter
ANY = OneCharacter()


def parse(pattern: str) -> list[Token] | None:
    """The parts of a pattern; None when it is malformed."""
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
    """The set that opened just before ``index``, and the index behind it."""
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
    # The set must go on behind the character: an open one is malformed.
    if index + 1 >= len(pattern):
        return None
    return pattern[index], index + 1


@lru_cache(maxsize=4096)
def matcher(pattern: str) -> Callable[[str], bool]:
    """What tells whether all of a text fits ``pattern``."""
    if _LITERAL.fullmatch(pattern):
        return pattern.__eq__
    tokens = parse(pattern)
    if tokens is None:
        return _fits_nothing
    # The most common form needs no library: *.yaml, and ** too.
    end = pattern.lstrip("*")
    if end != pattern and _LITERAL.fullmatch(end):
        return lambda text: text.endswith(end) and "/" not in text[: len(text) - len(end)]
    return _first_fit(tokens)


def _fits_nothing(text: str) -> bool:  # noqa: ARG001 - called like the others
    return False


def _first_fit(tokens: list[Token]) -> Callable[[str], bool]:
    """Go never moves a part that has fitted, which matters where a set takes a slash that no star takes."""
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
    """Whether all of ``text`` fits ``pattern``."""
    return matcher(pattern)(text)
