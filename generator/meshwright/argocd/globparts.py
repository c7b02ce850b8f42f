"""Matchers for the basic parts of a pattern that reproduce gobwas/glob 0.2.3.

gobwas counts bytes in some places and characters in others, and Argo CD's decisions depend on it. Texts are
therefore Latin-1 decoded: one character per byte. Matcher documents the methods.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

UNKNOWN = -1
# The first position that matches, and the possible lengths there.
Found = tuple[int, list[int]] | None
# Steps that one match may take; an ordinary pattern takes ten.
_MAX_STEPS = 20_000
# An invalid byte counts as a character of three bytes, although it is one byte long.
_BROKEN, _BROKEN_LENGTH = "\ufffd", 3
_CHARACTER = re.compile(
    "[\\x00-\\x7f]|[\\xc2-\\xdf][\\x80-\\xbf]|[\\xe0-\\xef][\\x80-\\xbf]{2}|[\\xf0-\\xf4][\\x80-\\xbf]{3}|.",
    re.DOTALL,
)


def as_bytes(text: str) -> str:
    """``text`` with one character per byte of its UTF-8."""
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("latin-1")


def _characters(text: str) -> Iterator[tuple[int, str, int]]:
    """Each character: its start, its value, and its length as gobwas counts it."""
    if text.isascii():
        yield from ((place, char, 1) for place, char in enumerate(text))
        return
    for found in _CHARACTER.finditer(text):
        try:
            yield found.start(), found[0].encode("latin-1").decode("utf-8"), len(found[0])
        except UnicodeDecodeError:
            yield found.start(), _BROKEN, _BROKEN_LENGTH


def count(text: str) -> int:
    """The number of characters."""
    return len(text) if text.isascii() else sum(1 for _ in _characters(text))


def step(text: str, at: int) -> int:
    """The length in bytes of the character at ``at``."""
    found = _CHARACTER.match(text, at)
    return len(found[0]) if found else 1


def starts(text: str) -> list[int]:
    """The starts of all characters, and the end of the text."""
    return [*(place for place, _, _ in _characters(text)), len(text)]


def _ends(text: str) -> list[int]:
    """The start of the text, and the ends of all characters as gobwas counts them."""
    return [0, *(place + length for place, _, length in _characters(text))]


class TooManySteps(Exception):
    """A match that takes more steps than any ordinary pattern needs."""


@dataclass
class MatchState:
    """The memoized results for one text, and the remaining steps."""

    known: dict[tuple[int, str], bool] = field(default_factory=dict)
    remaining: int = _MAX_STEPS

    def spend(self) -> None:
        """Count one step. Raises TooManySteps."""
        self.remaining -= 1
        if self.remaining < 0:
            raise TooManySteps


class Matcher:
    """Matches whole texts, and finds the first match in a text."""

    length = UNKNOWN

    def matches(self, text: str, state: MatchState) -> bool:
        """Whether the whole ``text`` matches."""
        raise NotImplementedError

    def find(self, text: str, state: MatchState) -> Found:
        """The first match: its position and every possible length."""
        raise NotImplementedError


def _upto(text: str, separators: str) -> int:
    places = [place for char in separators if (place := text.find(char)) >= 0]
    return min(places, default=len(text))


@dataclass(frozen=True)
class Literal(Matcher):
    """Fixed text."""

    text: str

    @property
    def length(self) -> int:  # type: ignore[override]
        return count(self.text)

    def matches(self, text: str, state: MatchState) -> bool:
        return text == self.text

    def find(self, text: str, state: MatchState) -> Found:
        place = text.find(self.text)
        return None if place < 0 else (place, [len(self.text)])


@dataclass(frozen=True)
class One(Matcher):
    """One character: one of ``chars`` or of the range, or any other if ``negated``."""

    chars: str = ""
    negated: bool = True
    low: str = ""
    high: str = ""
    # A range is never merged into a run, unlike ``?`` and a list.
    is_range: bool = False
    length = 1

    def takes(self, char: str) -> bool:
        inside = self.low <= char <= self.high if self.is_range else char in self.chars
        return inside is not self.negated

    def matches(self, text: str, state: MatchState) -> bool:
        # An empty text counts as an invalid character.
        char = next((char for _, char, _ in _characters(text)), _BROKEN)
        return len(text) <= (step(text, 0) if text else 0) and self.takes(char)

    def find(self, text: str, state: MatchState) -> Found:
        return next(
            ((place, [length]) for place, char, length in _characters(text) if self.takes(char)), None
        )


@dataclass(frozen=True)
class Many(Matcher):
    """Any number of characters except ``separators``."""

    separators: str = ""

    def matches(self, text: str, state: MatchState) -> bool:
        return not any(char in text for char in self.separators)

    def find(self, text: str, state: MatchState) -> Found:
        return 0, starts(text[: _upto(text, self.separators)])


@dataclass(frozen=True)
class Nothing(Matcher):
    """The empty text."""

    length = 0

    def matches(self, text: str, state: MatchState) -> bool:
        return not text

    def find(self, text: str, state: MatchState) -> Found:
        return 0, [0]


@dataclass(frozen=True)
class Run(Matcher):
    """Merged ``?`` and stars: ``least`` to ``most`` characters that do not contain ``without``."""

    least: int
    most: int | None
    without: str
    length = UNKNOWN

    def matches(self, text: str, state: MatchState) -> bool:
        if self.least > len(text) or (not text.isascii() and self.least > count(text)):
            return False
        if self.most is not None and count(text) > self.most:
            return False
        return not self.without or self.without not in text

    def find(self, text: str, state: MatchState) -> Found:
        ends = _ends(text)
        lengths = set(ends[self.least :] if self.most is None else ends[self.least : self.most + 1])
        if self.without:
            lengths &= set(starts(text.partition(self.without)[0]))
        return (0, sorted(lengths)) if lengths else None


@dataclass(frozen=True)
class Around(Matcher):
    """``text`` with any characters, or any except separators, before or after it."""

    text: str
    before: Many | None
    after: Many | None

    def matches(self, text: str, state: MatchState) -> bool:
        if self.before and self.after:
            return self.text in text
        if self.before:
            return text.endswith(self.text) and self.before.matches(text[: len(text) - len(self.text)], state)
        assert self.after is not None
        return text.startswith(self.text) and self.after.matches(text[len(self.text) :], state)

    def find(self, text: str, state: MatchState) -> Found:
        place = text.find(self.text)
        if place < 0:
            return None
        end = place + len(self.text)
        if self.before and self.after:
            return 0, [end + place for place in starts(text[end:])]
        if self.before:
            separators = self.before.separators
            start = max((text.rfind(char, 0, place) + 1 for char in separators), default=0)
            return start, [end - start]
        assert self.after is not None
        rest = text[end:][: _upto(text[end:], self.after.separators)]
        return place, [len(self.text) + after for after in _ends(rest)]


@dataclass(frozen=True)
class Ends(Matcher):
    """A prefix and a suffix, which may overlap."""

    first: str
    last: str

    def matches(self, text: str, state: MatchState) -> bool:
        return text.startswith(self.first) and text.endswith(self.last)

    def find(self, text: str, state: MatchState) -> Found:
        start = text.find(self.first)
        if start < 0:
            return None
        lengths, end = [], len(text)
        while (place := text.rfind(self.last, start, end)) >= 0:
            lengths.append(place + len(self.last) - start)
            end = place
        return (start, lengths[::-1]) if lengths else None
