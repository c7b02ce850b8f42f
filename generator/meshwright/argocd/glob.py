"""Argo CD's glob patterns: github.com/gobwas/glob 0.2.3, with or without "/" as separator.

A project's sourceRepos are matched with the separator "/"; its destinations, and include and exclude of a
directory, without a separator (argo-cd v3.5.3, app_project_types.go and repository.go).
"""

from __future__ import annotations

from functools import lru_cache

from meshwright.argocd.globcompile import build
from meshwright.argocd.globparts import Matcher, MatchState, TooManySteps, as_bytes
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

# No name and no path is longer; a longer pattern matches nothing.
_MAX_PATTERN = 4096


@lru_cache(maxsize=512)
def _compile(pattern: str, separators: str) -> tuple[Sequence, Matcher] | None:
    try:
        tree = parse(pattern) if len(pattern) <= _MAX_PATTERN else None
    except GlobFault:
        return None
    return None if tree is None else (tree, build(tree, separators))


def matches(pattern: str, text: str, separators: str = "") -> bool:
    """Whether ``pattern`` matches the whole ``text``; a malformed pattern matches nothing."""
    compiled = _compile(pattern, separators)
    if compiled is None:
        return False
    tree, matcher = compiled
    try:
        return matcher.matches(as_bytes(text), MatchState())
    except (TooManySteps, RecursionError):
        return _matches_by_syntax(tree, separators, text)


def permits(pattern: str, text: str, separators: str = "") -> bool:
    """Whether an entry of a project's list matches; a leading ``!`` negates it."""
    if pattern.startswith("!"):
        return not matches(pattern[1:], text, separators)
    return pattern == "*" or matches(pattern, text, separators)


def denies(pattern: str) -> bool:
    """Whether an entry of a project's list is negated."""
    return pattern.startswith("!")


def _matches_by_syntax(tree: Sequence, separators: str, text: str) -> bool:
    """Match as documented, in linear time: for patterns on which gobwas itself would take minutes."""
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
