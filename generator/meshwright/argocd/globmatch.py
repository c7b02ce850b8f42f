"""Parts of a pattern together, fitted as gobwas/glob 0.2.3 does it, which is not always what the syntax says.

It looks for the longest fixed part of a pattern first and then left and right of it, each part with shortcuts
of its own: ``?`` alone takes an empty text, ``ab*ba`` takes ``aba``, and an alternative of several lengths
may be taken for one of a single length. Methods are described at Matcher.
"""

from __future__ import annotations

from dataclasses import dataclass

from meshwright.argocd.globparts import UNKNOWN, Found, Looks, Matcher, count, starts, step


@dataclass(frozen=True)
class Row(Matcher):
    """Parts of a known length, one behind the other."""

    parts: tuple[Matcher, ...]

    @property
    def length(self) -> int:  # type: ignore[override]
        return sum(part.length for part in self.parts)

    def fits(self, text: str, looks: Looks) -> bool:
        return count(text) == self.length and self._begins(text, 0, looks)

    def _begins(self, text: str, at: int, looks: Looks) -> bool:
        for part in self.parts:
            # It cuts behind the first byte of the last character, and of all there is for a part of none.
            window = text[at : at + 4 * part.length] if part.length else text[at:]
            places = starts(window)[:-1]
            size = part.length or len(places)
            if not places or size > len(places):
                return False
            cut = at + places[size - 1] + 1
            if not part.fits(text[at:cut], looks):
                return False
            at = cut
        return True

    def find(self, text: str, looks: Looks) -> Found:
        length = self.length
        for place in starts(text)[:-1]:
            looks.spend()
            if len(text) - place < length:
                break
            if self._begins(text, place, looks):
                return place, [length]
        return None


@dataclass(frozen=True)
class Choice(Matcher):
    """One of several."""

    parts: tuple[Matcher, ...]

    @property
    def length(self) -> int:  # type: ignore[override]
        # As gobwas counts: those of unknown length at the front do not count.
        found = UNKNOWN
        for part in self.parts:
            length = part.length
            if found == UNKNOWN:
                found = length
            elif length != found:
                return UNKNOWN
        return found

    def fits(self, text: str, looks: Looks) -> bool:
        return any(part.fits(text, looks) for part in self.parts)

    def find(self, text: str, looks: Looks) -> Found:
        found = [place for part in self.parts if (place := part.find(text, looks)) is not None]
        first = min((place for place, _ in found), default=None)
        if first is None:
            return None
        return first, sorted({length for place, lengths in found if place == first for length in lengths})


@dataclass(frozen=True, eq=False)
class Split(Matcher):
    """A part in the middle, and what fits before and behind it."""

    middle: Matcher
    before: Matcher | None
    behind: Matcher | None
    # Known before the two were made shorter.
    before_length: int
    behind_length: int

    def find(self, text: str, looks: Looks) -> Found:
        # gobwas has not written it.
        return None

    def fits(self, text: str, looks: Looks) -> bool:
        known = looks.known.get((id(self), text))
        if known is None:
            known = looks.known[(id(self), text)] = self._fits(text, looks)
        return known

    def _fits(self, text: str, looks: Looks) -> bool:
        at = max(self.before_length, 0)
        limit = len(text) - max(self.behind_length, 0)
        while at < limit:
            looks.spend()
            found = self.middle.find(text[at:limit], looks)
            if found is None:
                return False
            at += found[0]
            if self._side(self.before, text[:at], looks) and any(
                self._side(self.behind, text[at + length :], looks) for length in reversed(found[1])
            ):
                return True
            at += step(text, at)
        return False

    @staticmethod
    def _side(part: Matcher | None, text: str, looks: Looks) -> bool:
        looks.spend()
        return not text if part is None else part.fits(text, looks)
