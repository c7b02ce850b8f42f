"""The single parts of a pattern, fitted as gobwas/glob 0.2.3 fits them.

It counts bytes in some places and characters in others, and Argo CD decides by that, so it is kept: texts are
bytes here, each as the character of its number. Methods are described at Matcher.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

UNKNOWN = -1
# Where something fits first, and the lengths that it may have there.
Found = tuple[int, list[int]] | None
# Looks at a text that one match may take; an honest pattern takes ten.
_MOST_LOOKS = 20_000
# What is no character counts as one that takes three bytes, and is one byte long.
_BROKEN, _BROKEN_LENGTH = "\ufffd", 3
_CHARACTER = re.compile(
    "[\\x00-\\x7f]|[\\xc2-\\xdf][\\x80-\\xbf]|[\\xe0-\\xef][\\x80-\\xbf]{2}|[\\xf0-\\xf4][\\x80-\\xbf]{3}|.",
    re.DOTALL,
)


def as_bytes(text: str) -> str:
    """``text`` with a character for each byte."""
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("latin-1")


def _characters(text: str) -> Iterator[tuple[int, str, int]]:
    """Each character: where it starts, what it is, and how long gobwas thinks it is."""
    if text.isascii():
        yield from ((place, char, 1) for place, char in enumerate(text))
        return
    for found in _CHARACTER.finditer(text):
        try:
            yield found.start(), found[0].encode("latin-1").decode("utf-8"), len(found[0])
        except UnicodeDecodeError:
            yield found.start(), _BROKEN, _BROKEN_LENGTH


def count(text: str) -> int:
    """How many characters there are."""
    return len(text) if text.isascii() else sum(1 for _ in _characters(text))


def step(text: str, at: int) -> int:
    """How many bytes the character at ``at`` has."""
    found = _CHARACTER.match(text, at)
    return len(found[0]) if found else 1


def starts(text: str) -> list[int]:
    """Where characters start, and the end."""
    return [*(place for place, _, _ in _characters(text)), len(text)]


def _ends(text: str) -> list[int]:
    """The beginning, and where gobwas sees characters end."""
    return [0, *(place + length for place, _, length in _characters(text))]


class TooLong(Exception):
    """A match that takes more looks than any honest pattern needs."""


@dataclass
class Looks:
    """What is known of one text already, and how many looks are left."""

    known: dict[tuple[int, str], bool] = field(default_factory=dict)
    left: int = _MOST_LOOKS

    def spend(self) -> None:
        """Take one look. Raises TooLong."""
        self.left -= 1
        if self.left < 0:
            raise TooLong


class Matcher:
    """Fits whole texts, and finds the first place in one where it fits."""

    length = UNKNOWN

    def fits(self, text: str, looks: Looks) -> bool:
        """Whether all of ``text`` fits."""
        raise NotImplementedError

    def find(self, text: str, looks: Looks) -> Found:
        """The first place, with every length there."""
        raise NotImplementedError


def _upto(text: str, separators: str) -> int:
    places = [place for char in separators if (place := text.find(char)) >= 0]
    return min(places, default=len(text))


@dataclass(frozen=True)
class Literal(Matcher):
    """A text."""

    text: str

    @property
    def length(self) -> int:  # type: ignore[override]
        return count(self.text)

    def fits(self, text: str, looks: Looks) -> bool:
        return text == self.text

    def find(self, text: str, looks: Looks) -> Found:
        place = text.find(self.text)
        return None if place < 0 else (place, [len(self.text)])


@dataclass(frozen=True)
class One(Matcher):
    """One character: any but those of ``chars`` when ``negated``, else one of them or of the range."""

    chars: str = ""
    negated: bool = True
    low: str = ""
    high: str = ""
    # From ``?`` or from a list: a range joins no run of stars.
    is_range: bool = False
    length = 1

    def takes(self, char: str) -> bool:
        inside = self.low <= char <= self.high if self.is_range else char in self.chars
        return inside is not self.negated

    def fits(self, text: str, looks: Looks) -> bool:
        # An empty text is a broken character.
        char = next((char for _, char, _ in _characters(text)), _BROKEN)
        return len(text) <= (step(text, 0) if text else 0) and self.takes(char)

    def find(self, text: str, looks: Looks) -> Found:
        return next(
            ((place, [length]) for place, char, length in _characters(text) if self.takes(char)), None
        )


@dataclass(frozen=True)
class Many(Matcher):
    """Any number of characters but ``separators``."""

    separators: str = ""

    def fits(self, text: str, looks: Looks) -> bool:
        return not any(char in text for char in self.separators)

    def find(self, text: str, looks: Looks) -> Found:
        return 0, starts(text[: _upto(text, self.separators)])


@dataclass(frozen=True)
class Nothing(Matcher):
    """No text."""

    length = 0

    def fits(self, text: str, looks: Looks) -> bool:
        return not text

    def find(self, text: str, looks: Looks) -> Found:
        return 0, [0]


@dataclass(frozen=True)
class Run(Matcher):
    """``?`` and stars together: ``least`` characters to ``most``, without the text ``without``."""

    least: int
    most: int | None
    without: str
    length = UNKNOWN

    def fits(self, text: str, looks: Looks) -> bool:
        if self.least > len(text) or (not text.isascii() and self.least > count(text)):
            return False
        if self.most is not None and count(text) > self.most:
            return False
        return not self.without or self.without not in text

    def find(self, text: str, looks: Looks) -> Found:
        ends = _ends(text)
        lengths = set(ends[self.least :] if self.most is None else ends[self.least : self.most + 1])
        if self.without:
            lengths &= set(starts(text.partition(self.without)[0]))
        return (0, sorted(lengths)) if lengths else None


@dataclass(frozen=True)
class Around(Matcher):
    """``text`` with anything, or anything but ``separators``, before or behind it."""

    text: str
    before: Many | None
    behind: Many | None

    def fits(self, text: str, looks: Looks) -> bool:
        if self.before and self.behind:
            return self.text in text
        if self.before:
            return text.endswith(self.text) and self.before.fits(text[: len(text) - len(self.text)], looks)
        assert self.behind is not None
        return text.startswith(self.text) and self.behind.fits(text[len(self.text) :], looks)

    def find(self, text: str, looks: Looks) -> Found:
        place = text.find(self.text)
        if place < 0:
            return None
        end = place + len(self.text)
        if self.before and self.behind:
            return 0, [end + place for place in starts(text[end:])]
        if self.before:
            separators = self.before.separators
            start = max((text.rfind(char, 0, place) + 1 for char in separators), default=0)
            return start, [end - start]
        assert self.behind is not None
        rest = text[end:][: _upto(text[end:], self.behind.separators)]
        return place, [len(self.text) + behind for behind in _ends(rest)]


@dataclass(frozen=True)
class Ends(Matcher):
    """A text at the beginning and one at the end, which may share characters."""

    first: str
    last: str

    def fits(self, text: str, looks: Looks) -> bool:
        return text.startswith(self.first) and text.endswith(self.last)

    def find(self, text: str, looks: Looks) -> Found:
        start = text.find(self.first)
        if start < 0:
            return None
        lengths, end = [], len(text)
        while (place := text.rfind(self.last, start, end)) >= 0:
            lengths.append(place + len(self.last) - start)
            end = place
        return (start, lengths[::-1]) if lengths else None
