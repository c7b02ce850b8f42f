"""Parses the pattern syntax of github.com/gobwas/glob, which Argo CD uses, to a syntax tree.

``*`` matches any characters except separators, ``**`` any characters, ``?`` one character except a
separator, ``[abc]``, ``[a-c]`` and ``[!abc]`` one of a set (a list or one range), and ``{a,b}`` alternatives.
A backslash escapes the next character. An unclosed brace ends at the end of the pattern.
"""

from __future__ import annotations

from dataclasses import dataclass

from meshwright.patterns.regexp import as_text

# Nested braces; people write two levels.
_MAX_DEPTH = 50


class GlobFault(ValueError):
    """A pattern that gobwas/glob refuses."""


@dataclass(frozen=True)
class Text:
    """Characters that stand for themselves."""

    text: str


@dataclass(frozen=True)
class Any:
    """``*``."""


@dataclass(frozen=True)
class Super:
    """``**``."""


@dataclass(frozen=True)
class AnyCharacter:
    """``?``."""


@dataclass(frozen=True)
class CharList:
    """``[abc]``."""

    chars: str
    negated: bool


@dataclass(frozen=True)
class CharRange:
    """``[a-c]``."""

    low: str
    high: str
    negated: bool


@dataclass(frozen=True)
class Sequence:
    """A sequence of parts; ``is_nothing`` if its parts have been factored out."""

    parts: tuple[Part, ...]
    is_nothing: bool = False


@dataclass(frozen=True)
class AnyOf:
    """``{a,b}``."""

    choices: tuple[Sequence, ...]


Part = Text | Any | Super | AnyCharacter | CharList | CharRange | Sequence | AnyOf


def parse(pattern: str) -> Sequence:
    """The syntax tree of a pattern. Raises GlobFault."""
    if "\ufffd" in as_text(pattern):
        raise GlobFault("could not read rune")
    return _GlobParser(pattern).whole()


class _GlobParser:
    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0

    def whole(self) -> Sequence:
        # Stacks for open braces: their complete choices, and the parts of the current choice.
        choices: list[list[Sequence]] = []
        parts: list[list[Part]] = [[]]
        while self._at < len(self._pattern):
            if self._take("{"):
                if len(choices) == _MAX_DEPTH:
                    raise GlobFault(f"braces nested deeper than {_MAX_DEPTH} levels")
                choices.append([])
                parts.append([])
            elif choices and self._take(","):
                choices[-1].append(Sequence(tuple(parts[-1])))
                parts[-1] = []
            elif choices and self._take("}"):
                _close(choices, parts)
            else:
                parts[-1].extend(self._part(inside=bool(choices)))
        while choices:
            _close(choices, parts)
        return Sequence(tuple(parts[0]))

    def _part(self, *, inside: bool) -> list[Part]:
        if self._take("["):
            return [self._set()]
        if self._take("?"):
            return [AnyCharacter()]
        if self._take("**"):
            return [Super()]
        if self._take("*"):
            return [Any()]
        text = self._text_until("?*[{},") if inside else self._text_until("?*[{")
        # A trailing backslash is ignored.
        return [Text(text)] if text else []

    def _set(self) -> CharList | CharRange:
        negated = self._take("!")
        if self._pattern[self._at + 1 : self._at + 2] == "-":
            low, high = self._pattern[self._at], self._pattern[self._at + 2 : self._at + 3]
            self._at += 3
            if not high or not self._take("]"):
                raise GlobFault("expected close range character")
            if high < low:
                raise GlobFault(f"hi character '{high}' should be greater than lo '{low}'")
            return CharRange(low, high, negated)
        chars = self._text_until("]")
        if not self._take("]") or not chars:
            raise GlobFault("could not parse range")
        return CharList(chars, negated)

    def _text_until(self, stops: str) -> str:
        found: list[str] = []
        while self._at < len(self._pattern):
            char = self._pattern[self._at]
            if char in stops:
                break
            if char == "\\":
                self._at += 1
                char = self._pattern[self._at : self._at + 1]
            found.append(char)
            self._at += 1
        self._at = min(self._at, len(self._pattern))
        return "".join(found)

    def _take(self, wanted: str) -> bool:
        if self._pattern.startswith(wanted, self._at):
            self._at += len(wanted)
            return True
        return False


def _close(choices: list[list[Sequence]], parts: list[list[Part]]) -> None:
    last = Sequence(tuple(parts.pop()))
    parts[-1].append(AnyOf((*choices.pop(), last)))
