"""Compiles a pattern's syntax tree to matchers, simplified in the same order as in gobwas/glob 0.2.3."""

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

# Longer sequences are not simplified; the result can only differ for unusual patterns.
_MAX_SIMPLIFIED_PARTS = 60


def build(part: Part, separators: str) -> Matcher:
    """The matcher of a syntax tree."""
    if isinstance(part, AnyOf):
        shared = _factor_out_shared_ends(part)
        if shared is not None:
            return build(shared, separators)
        return Choice(tuple(_simplified(build(choice, separators)) for choice in part.choices))
    if isinstance(part, Sequence):
        if not part.parts:
            return Nothing()
        parts = [_simplified(build(inner, separators)) for inner in part.parts]
        return _simplified(_split(_merge_neighbours(parts) if len(parts) <= _MAX_SIMPLIFIED_PARTS else parts))
    return _simplified(_leaf(part, separators))


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


def _simplified(matcher: Matcher) -> Matcher:
    """An equivalent simpler matcher, where gobwas has one."""
    if isinstance(matcher, Choice) and len(matcher.parts) == 1:
        return matcher.parts[0]
    if isinstance(matcher, One) and not matcher.negated and len(matcher.chars) == 1:
        return Literal(as_bytes(matcher.chars))
    if not isinstance(matcher, Split):
        return matcher
    before = matcher.before and _simplified(matcher.before)
    after = matcher.after and _simplified(matcher.after)
    if isinstance(matcher.middle, Literal):
        found = _around(matcher.middle.text, before, after)
        if found is not None:
            return found
    return Split(matcher.middle, before, after, matcher.before_length, matcher.after_length)


def _around(text: str, before: Matcher | None, after: Matcher | None) -> Matcher | None:
    match before, after:
        case None, None:
            return Literal(text)
        case Many(separators=""), Many(separators=""):
            return Around(text, before, after)
        case Many(), None:
            return Around(text, before, None)
        case None, Many():
            return Around(text, None, after)
        case None, Around(before=Many(separators=""), after=None):
            return Ends(text, after.text)
        case Around(before=None, after=Many(separators="")), None:
            return Ends(before.text, text)
    return None


def _split(parts: list[Matcher]) -> Matcher:
    """One matcher for a sequence, split at its longest part of known length, the last of several."""
    if len(parts) == 1:
        return parts[0]
    glued = _merged(parts)
    if glued is not None:
        return glued
    longest = max((part.length for part in parts), default=UNKNOWN)
    if longest == UNKNOWN:
        place = 0
    else:
        place = max(number for number, part in enumerate(parts) if part.length == longest)
    before = _split(parts[:place]) if place else None
    after = _split(parts[place + 1 :]) if place + 1 < len(parts) else None
    lengths = [0 if side is None else side.length for side in (before, after)]
    return Split(parts[place], before, after, *lengths)


def _merge_neighbours(parts: list[Matcher]) -> list[Matcher]:
    """Merge adjacent parts, the best range first, until nothing can be merged."""
    while True:
        best: Matcher | None = None
        left = right = 0
        for start in range(len(parts)):
            for end in range(_last_end(parts, start), start + 1, -1):
                glued = _merged(parts[start:end])
                if glued is None:
                    continue
                longer = best is not None and UNKNOWN < best.length < glued.length
                if best is None or longer or right - left < end - start:
                    best, left, right = glued, start, end
        if best is None:
            return parts
        parts = [*parts[:left], best, *parts[right:]]


def _last_end(parts: list[Matcher], start: int) -> int:
    """The end of the longest range from ``start`` that may be merged."""
    as_row = as_run = start
    while as_row < len(parts) and parts[as_row].length != UNKNOWN:
        as_row += 1
    while as_run < len(parts) and _excluded(parts[as_run]) is not None:
        as_run += 1
    return max(as_row, as_run)


def _merged(parts: list[Matcher]) -> Matcher | None:
    if len(parts) < 2:
        return None
    run = _run(parts)
    if run is not None:
        return run
    return Row(tuple(parts)) if all(part.length != UNKNOWN for part in parts) else None


def _excluded(part: Matcher) -> str | None:
    """The characters that a part of a run excludes; None if it cannot be part of a run."""
    if isinstance(part, Many):
        return part.separators
    if isinstance(part, One) and not part.is_range and part.negated:
        return part.chars
    return None


def _run(parts: list[Matcher]) -> Matcher | None:
    """Merge stars and single characters that exclude the same characters."""
    excluded = {_excluded(part) for part in parts}
    if len(excluded) != 1 or None in excluded:
        return None
    without = excluded.pop() or ""
    least = sum(isinstance(part, One) for part in parts)
    if not least:
        return Many(without)
    return Run(least, None if least < len(parts) else least, as_bytes(without))


def _factor_out_shared_ends(part: AnyOf) -> Sequence | None:
    """Factor out the parts that all choices begin and end with; None if they share none."""
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
    """The parts that all choices begin and end with, compared like gobwas up to the first difference."""
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
