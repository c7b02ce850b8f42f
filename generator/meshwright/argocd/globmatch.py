"""Matchers for composite patterns that reproduce gobwas/glob 0.2.3, even where it deviates from the syntax.

It searches for the longest fixed part of a pattern first and then matches left and right of it, with a
shortcut for each kind of part: a lone ``?`` matches an empty text, ``ab*ba`` matches ``aba``, and an
alternative of several lengths may count as one of a single length. Matcher documents the methods.
"""

from __future__ import annotations

from dataclasses import dataclass

from meshwright.argocd.globparts import UNKNOWN, Found, Matcher, MatchState, count, starts, step


@dataclass(frozen=True)
class Row(Matcher):
    """A sequence of parts of known length."""

    parts: tuple[Matcher, ...]

    @property
    def length(self) -> int:  # type: ignore[override]
        return sum(part.length for part in self.parts)

    def matches(self, text: str, state: MatchState) -> bool:
        return count(text) == self.length and self._matches_at(text, 0, state)

    def _matches_at(self, text: str, at: int, state: MatchState) -> bool:
        for part in self.parts:
            # gobwas cuts after the first byte of the last character; a part of length 0 gets the whole rest.
            window = text[at : at + 4 * part.length] if part.length else text[at:]
            places = starts(window)[:-1]
            size = part.length or len(places)
            if not places or size > len(places):
                return False
            cut = at + places[size - 1] + 1
            if not part.matches(text[at:cut], state):
                return False
            at = cut
        return True

    def find(self, text: str, state: MatchState) -> Found:
        length = self.length
        for place in starts(text)[:-1]:
            state.spend()
            if len(text) - place < length:
                break
            if self._matches_at(text, place, state):
                return place, [length]
        return None


@dataclass(frozen=True)
class Choice(Matcher):
    """Alternatives."""

    parts: tuple[Matcher, ...]

    @property
    def length(self) -> int:  # type: ignore[override]
        # Like gobwas: leading alternatives of unknown length are ignored.
        found = UNKNOWN
        for part in self.parts:
            length = part.length
            if found == UNKNOWN:
                found = length
            elif length != found:
                return UNKNOWN
        return found

    def matches(self, text: str, state: MatchState) -> bool:
        return any(part.matches(text, state) for part in self.parts)

    def find(self, text: str, state: MatchState) -> Found:
        found = [place for part in self.parts if (place := part.find(text, state)) is not None]
        first = min((place for place, _ in found), default=None)
        if first is None:
            return None
        return first, sorted({length for place, lengths in found if place == first for length in lengths})


@dataclass(frozen=True, eq=False)
class Split(Matcher):
    """A middle part with matchers for the text before and after it."""

    middle: Matcher
    before: Matcher | None
    after: Matcher | None
    # Their lengths before they were simplified.
    before_length: int
    after_length: int

    def find(self, text: str, state: MatchState) -> Found:
        # gobwas does not implement this.
        return None

    def matches(self, text: str, state: MatchState) -> bool:
        known = state.known.get((id(self), text))
        if known is None:
            known = state.known[(id(self), text)] = self._match(text, state)
        return known

    def _match(self, text: str, state: MatchState) -> bool:
        at = max(self.before_length, 0)
        limit = len(text) - max(self.after_length, 0)
        while at < limit:
            state.spend()
            found = self.middle.find(text[at:limit], state)
            if found is None:
                return False
            at += found[0]
            if self._side(self.before, text[:at], state) and any(
                self._side(self.after, text[at + length :], state) for length in reversed(found[1])
            ):
                return True
            at += step(text, at)
        return False

    @staticmethod
    def _side(part: Matcher | None, text: str, state: MatchState) -> bool:
        state.spend()
        return not text if part is None else part.matches(text, state)
