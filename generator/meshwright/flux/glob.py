"""The shell patterns of Flux's ``${NAME#pattern}`` and ``${NAME%pattern}``.

They are those of Go's path.Match with a ``*`` and a ``?`` that take slashes too
(github.com/fluxcd/pkg/envsubst v1.7.1, package path). Flux cuts the value
byte by byte, so half a character counts as one, and one look at the value finds every length that fits: all
states of the pattern are followed at once, a bit for each.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from meshwright.patterns.regexp import as_text
from meshwright.patterns.shell import OneCharacter, Star, Token, parse

_HALF = "\ufffd"


class _States:
    """A pattern as sets of states: state n waits for part n, the one behind the last part is the end."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._stars = sum(1 << number for number, token in enumerate(tokens) if isinstance(token, Star))
        self.end = 1 << len(tokens)
        self._takers: dict[str, int] = {}

    def closed(self, states: int) -> int:
        """``states`` with those behind each star, which may take nothing; no star follows another."""
        return states | ((states & self._stars) << 1)

    def step(self, states: int, char: str) -> int:
        """The states in which ``char`` leaves the pattern; ``states`` are closed."""
        takers = self._takers.get(char)
        if takers is None:
            takers = self._takers[char] = sum(
                1 << number
                for number, token in enumerate(self._tokens)
                if isinstance(token, OneCharacter) and token.takes(char)
            )
        return ((states & takers) << 1) | (states & self._stars)

    def skip(self, states: int) -> int:
        """The states in which a byte that only a star takes leaves the pattern."""
        return states & self._stars


@lru_cache(maxsize=256)
def _states(pattern: str) -> _States | None:
    tokens = parse(pattern)
    return None if tokens is None else _States(tokens)


def _fitting(pattern: str, text: str) -> Iterator[int]:
    """How many bytes at the beginning of ``text`` fit, shortest first and at least one."""
    states = _states(pattern)
    if states is None:
        return
    now, position = states.closed(1), 0
    for char in map(as_text, text):
        length = len(char.encode()) if char != _HALF else 1
        # Cut inside the character, each of its bytes is one; not cut, a star may still stop between them.
        cut, rest = now, 0
        for inside in range(1, length):
            cut = states.closed(states.step(cut, _HALF))
            rest = states.closed(states.step(rest, _HALF)) if inside > 1 else states.closed(states.skip(now))
            if cut & states.end:
                yield position + inside
        rest = states.step(rest, _HALF) if length > 1 else 0
        now = states.closed(states.step(now, char) | rest)
        position += length
        if now & states.end:
            yield position
        if not now:
            return


def trim_prefix(text: str, pattern: str, *, longest: bool) -> str:
    """``text`` without its shortest or longest non-empty beginning that matches; as it is if none does.

    What is left may begin with half a character, as surrogates that stand for its bytes.
    """
    found = _fitting(pattern, text)
    length = max(found, default=0) if longest else next(found, 0)
    return text.encode("utf-8", "surrogateescape")[length:].decode("utf-8", "surrogateescape")


def trim_suffix(text: str, pattern: str, *, longest: bool) -> str:
    """The same at the end of ``text``; Flux turns text and pattern round, classes and escapes too."""
    turned = trim_prefix(as_text(text)[::-1], as_text(pattern)[::-1], longest=longest)
    return as_text(turned)[::-1]
