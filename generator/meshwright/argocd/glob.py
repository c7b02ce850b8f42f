"""Argo CD's shell patterns: github.com/gobwas/glob 0.2.3, with "/" as separator or none.

sourceRepos of a project are compared with the separator "/"; destinations, and include and exclude of a
directory, without one (argo-cd v3.5.3, app_project_types.go and repository.go).
"""

from __future__ import annotations

from functools import lru_cache

from meshwright.argocd.globcompile import build
from meshwright.argocd.globparts import Looks, Matcher, TooLong, as_bytes
from meshwright.argocd.globsyntax import (
    Any,
    AnyCharacter,
    AnyOf,
    CharList,
    CharRange,
    GlobFault,
    Part,
    Sequence,
    Super,
    Text,
    parse,
)
from meshwright.patterns.regexp import PatternFault, compile_pattern

# No name and no path is longer, and a longer pattern fits nothing.
_LONGEST = 4096


@lru_cache(maxsize=512)
def _compile(pattern: str, separators: str) -> tuple[Sequence, Matcher] | None:
    try:
        tree = parse(pattern) if len(pattern) <= _LONGEST else None
    except GlobFault:
        return None
    return None if tree is None else (tree, build(tree, separators))


def matches(pattern: str, text: str, separators: str = "") -> bool:
    """Whether all of ``text`` fits; a malformed pattern fits nothing."""
    compiled = _compile(pattern, separators)
    if compiled is None:
        return False
    tree, matcher = compiled
    try:
        return matcher.fits(as_bytes(text), Looks())
    except (TooLong, RecursionError):
        return _by_the_book(tree, separators, text)


def permits(pattern: str, text: str, separators: str = "") -> bool:
    """The same for a project's list, in which ``!`` at the start means anything else."""
    if pattern.startswith("!"):
        return not matches(pattern[1:], text, separators)
    return pattern == "*" or matches(pattern, text, separators)


def denies(pattern: str) -> bool:
    """Whether a pattern of a project only forbids."""
    return pattern.startswith("!")


def _by_the_book(tree: Sequence, separators: str, text: str) -> bool:
    """What the syntax says, in linear time: for patterns that would keep gobwas itself busy for minutes."""
    try:
        return compile_pattern(_expression(tree, separators), dot_takes_newline=True).fits(text)
    except PatternFault:
        return False


def _expression(part: Part, separators: str) -> str:
    one = f"[^{''.join(map(_char, separators))}]" if separators else "."
    match part:
        case Text():
            return "".join(map(_char, part.text))
        case Any():
            return f"{one}*"
        case Super():
            return ".*"
        case AnyCharacter():
            return one
        case CharList():
            return f"[{'^' if part.negated else ''}{''.join(map(_char, part.chars))}]"
        case CharRange():
            return f"[{'^' if part.negated else ''}{_char(part.low)}-{_char(part.high)}]"
        case AnyOf():
            return f"(?:{'|'.join(_expression(choice, separators) for choice in part.choices)})"
        case Sequence():
            return "".join(_expression(inner, separators) for inner in part.parts)


def _char(char: str) -> str:
    return f"\\x{{{ord(char):x}}}"
