"""Makes matchers of a pattern's tree, shortened in the order in which gobwas/glob 0.2.3 shortens them."""

from __future__ import annotations

from meshwright.argocd.globmatch import Choice, Row, Split
from meshwright.argocd.globparts import (
    UNKNOWN,
    Around,
    Ends,
    Literal,
    Many,
    Matcher,
    Nothing,
    One,
    Run,
    as_bytes,
)
from meshwright.argocd.globsyntax import (
    Any,
    AnyCharacter,
    AnyOf,
    CharList,
    CharRange,
    Part,
    Sequence,
    Super,
    Text,
)

# Parts of one sequence that are still joined; beyond, only what odd patterns mean could differ.
_MOST_PARTS = 60


def build(part: Part, separators: str) -> Matcher:
    """The matcher of a tree."""
    if isinstance(part, AnyOf):
        shared = _without_shared_ends(part)
        if shared is not None:
            return build(shared, separators)
        return Choice(tuple(_shorter(build(choice, separators)) for choice in part.choices))
    if isinstance(part, Sequence):
        if not part.parts:
            return Nothing()
        parts = [_shorter(build(inner, separators)) for inner in part.parts]
        return _shorter(_split(_joined(parts) if len(parts) <= _MOST_PARTS else parts))
    return _shorter(_leaf(part, separators))


def _leaf(part: Text | Any | Super | AnyCharacter | CharList | CharRange, separators: str) -> Matcher:
    if isinstance(part, Text):
        return Literal(as_bytes(part.text))
    if isinstance(part, CharList):
        return One(part.chars, part.negated)
    if isinstance(part, CharRange):
        return One(negated=part.negated, low=part.low, high=part.high, is_range=True)
    return (
        One(separators)
        if isinstance(part, AnyCharacter)
        else Many(separators if isinstance(part, Any) else "")
    )


def _shorter(matcher: Matcher) -> Matcher:
    """A simpler matcher for the same, where gobwas has one."""
    if isinstance(matcher, Choice) and len(matcher.parts) == 1:
        return matcher.parts[0]
    if isinstance(matcher, One) and not matcher.negated and len(matcher.chars) == 1:
        return Literal(as_bytes(matcher.chars))
    if not isinstance(matcher, Split):
        return matcher
    before = matcher.before and _shorter(matcher.before)
    behind = matcher.behind and _shorter(matcher.behind)
    if isinstance(matcher.middle, Literal):
        found = _around(matcher.middle.text, before, behind)
        if found is not None:
            return found
    return Split(matcher.middle, before, behind, matcher.before_length, matcher.behind_length)


def _around(text: str, before: Matcher | None, behind: Matcher | None) -> Matcher | None:
    match before, behind:
        case None, None:
            return Literal(text)
        case Many(separators=""), Many(separators=""):
            return Around(text, before, behind)
        case Many(), None:
            return Around(text, before, None)
        case None, Many():
            return Around(text, None, behind)
        case None, Around(before=Many(separators=""), behind=None):
            return Ends(text, behind.text)
        case Around(before=None, behind=Many(separators="")), None:
            return Ends(before.text, text)
    return None


def _split(parts: list[Matcher]) -> Matcher:
    """One matcher for parts one behind the other: around the longest of known length, the last of several."""
    if len(parts) == 1:
        return parts[0]
    glued = _glued(parts)
    if glued is not None:
        return glued
    longest = max((part.length for part in parts), default=UNKNOWN)
    if longest == UNKNOWN:
        place = 0
    else:
        place = max(number for number, part in enumerate(parts) if part.length == longest)
    before = _split(parts[:place]) if place else None
    behind = _split(parts[place + 1 :]) if place + 1 < len(parts) else None
    lengths = [0 if side is None else side.length for side in (before, behind)]
    return Split(parts[place], before, behind, *lengths)


def _joined(parts: list[Matcher]) -> list[Matcher]:
    """The parts with neighbours joined, the best pair of places first, until none can be."""
    while True:
        best: Matcher | None = None
        left = right = 0
        for start in range(len(parts)):
            for end in range(_last_end(parts, start), start + 1, -1):
                glued = _glued(parts[start:end])
                if glued is None:
                    continue
                longer = best is not None and UNKNOWN < best.length < glued.length
                if best is None or longer or right - left < end - start:
                    best, left, right = glued, start, end
        if best is None:
            return parts
        parts = [*parts[:left], best, *parts[right:]]


def _last_end(parts: list[Matcher], start: int) -> int:
    """Where the longest run that could be joined ends."""
    as_row = as_run = start
    while as_row < len(parts) and parts[as_row].length != UNKNOWN:
        as_row += 1
    while as_run < len(parts) and _excluded(parts[as_run]) is not None:
        as_run += 1
    return max(as_row, as_run)


def _glued(parts: list[Matcher]) -> Matcher | None:
    if len(parts) < 2:
        return None
    run = _run(parts)
    if run is not None:
        return run
    return Row(tuple(parts)) if all(part.length != UNKNOWN for part in parts) else None


def _excluded(part: Matcher) -> str | None:
    """The characters that a part of a run does not take; None for what is no such part."""
    if isinstance(part, Many):
        return part.separators
    if isinstance(part, One) and not part.is_range and part.negated:
        return part.chars
    return None


def _run(parts: list[Matcher]) -> Matcher | None:
    """Stars and single characters that exclude the same characters, as one."""
    excluded = {_excluded(part) for part in parts}
    if len(excluded) != 1 or None in excluded:
        return None
    without = excluded.pop() or ""
    least = sum(isinstance(part, One) for part in parts)
    if not least:
        return Many(without)
    return Run(least, None if least < len(parts) else least, as_bytes(without))


def _without_shared_ends(part: AnyOf) -> Sequence | None:
    """The same with what all choices begin and end with taken out; None when they share nothing."""
    if any(choice.is_nothing for choice in part.choices):
        return None
    first, last = _shared_ends(part.choices)
    if not first and not last:
        return None
    inner: list[Sequence] = []
    for choice in part.choices:
        rest = choice.parts[len(first) : len(choice.parts) - len(last)]
        found = Sequence(rest, is_nothing=not rest)
        if found not in inner:
            inner.append(found)
    parts: list[Part] = [Sequence(first)] if first else []
    if len(inner) > 1:
        parts.append(AnyOf(tuple(inner)))
    elif not inner[0].is_nothing:
        parts.append(inner[0])
    if last:
        parts.append(Sequence(last))
    return Sequence(tuple(parts))


def _shared_ends(choices: tuple[Sequence, ...]) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    """What all choices begin and end with, as far as gobwas looks: to the first difference."""
    if len(choices) < 2:
        return (), ()
    shortest = min(choices, key=lambda choice: len(choice.parts))
    size = len(shortest.parts)
    first: list[Part] = []
    last: list[Part] = []
    stop_first = stop_last = False
    for left in range(size):
        right = size - 1 - left
        if len(first) + len(last) >= size or (stop_first and stop_last):
            break
        for choice in choices:
            if choice is shortest:
                continue
            if stop_first and stop_last:
                break
            stop_first = stop_first or shortest.parts[left] != choice.parts[left]
            stop_last = stop_last or (not stop_first and right <= left)
            stop_last = stop_last or shortest.parts[right] != choice.parts[right - size]
        if not stop_first:
            first.append(shortest.parts[left])
        if not stop_last:
            last.insert(0, shortest.parts[right])
    return tuple(first), tuple(last)
