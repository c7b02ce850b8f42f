"""The shell patterns of Flux's ``${NAME#pattern}`` and ``${NAME%pattern}``.

They are Go's path.Match patterns, except that ``*`` and ``?`` match slashes too
(github.com/fluxcd/pkg/envsubst v1.7.1, package path). Flux cuts the value at every byte, so a partial
character counts as one. A single pass over the value finds every matching length: it tracks all states of
the pattern at once, one bit per state.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from meshwright.patterns.regexp import as_text
from meshwright.patterns.shell import OneCharacter, Star, Token, parse

_PARTIAL = "\ufffd"


class _States:
    """A pattern as an NFA in bit sets: state n expects token n; the state after the last token accepts."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._stars = sum(1 << number for number, token in enumerate(tokens) if isinstance(token, Star))
        self.end = 1 << len(tokens)
        self._transitions: dict[str, int] = {}

    def closed(self, states: int) -> int:
        """The closure: a star may match nothing, so add the state after it; stars are never adjacent."""
        return states | ((states & self._stars) << 1)

    def step(self, states: int, char: str) -> int:
        """The states after ``char``; ``states`` must be closed."""
        matching = self._transitions.get(char)
        if matching is None:
            matching = self._transitions[char] = sum(
                1 << number
                for number, token in enumerate(self._tokens)
                if isinstance(token, OneCharacter) and token.takes(char)
            )
        return ((states & matching) << 1) | (states & self._stars)

    def skip(self, states: int) -> int:
        """The states after a byte that only a star matches."""
        return states & self._stars


@lru_cache(maxsize=256)
def _states(pattern: str) -> _States | None:
    tokens = parse(pattern)
    return None if tokens is None else _States(tokens)


def _matching_lengths(pattern: str, text: str) -> Iterator[int]:
    """The byte lengths of the non-empty prefixes of ``text`` that match, shortest first."""
    states = _states(pattern)
    if states is None:
        return
    now, position = states.closed(1), 0
    for char in map(as_text, text):
        length = len(char.encode()) if char != _PARTIAL else 1
        # Cut inside a character, each byte counts as one; uncut, a star may still end between its bytes.
        cut, rest = now, 0
        for inside in range(1, length):
            cut = states.closed(states.step(cut, _PARTIAL))
            rest = (
                states.closed(states.step(rest, _PARTIAL)) if inside > 1 else states.closed(states.skip(now))
            )
            if cut & states.end:
                yield position + inside
        rest = states.step(rest, _PARTIAL) if length > 1 else 0
        now = states.closed(states.step(now, char) | rest)
        position += length
        if now & states.end:
            yield position
        if not now:
            return


def trim_prefix(text: str, pattern: str, *, longest: bool) -> str:
    """Remove the shortest or longest non-empty prefix that matches; without a match return ``text``.

    The rest may start with a partial character, whose bytes are surrogates.
    """
    found = _matching_lengths(pattern, text)
    length = max(found, default=0) if longest else next(found, 0)
    return text.encode("utf-8", "surrogateescape")[length:].decode("utf-8", "surrogateescape")


def trim_suffix(text: str, pattern: str, *, longest: bool) -> str:
    """Remove a suffix instead; Flux reverses text and pattern, including classes and escapes."""
    reversed_text = trim_prefix(as_text(text)[::-1], as_text(pattern)[::-1], longest=longest)
    return as_text(reversed_text)[::-1]
