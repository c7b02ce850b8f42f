"""The shell patterns of Flux's ``${NAME#pattern}`` and ``${NAME%pattern}``.

``*`` matches anything, slashes too; ``?`` one character; ``[a-z]`` and ``[^a-z]`` one of a set; a
backslash takes the next character as it is (github.com/fluxcd/pkg/envsubst v1.7.1, package path).
"""

from __future__ import annotations

import re
from functools import lru_cache


@lru_cache(maxsize=256)
def compile_pattern(pattern: str) -> re.Pattern[str] | None:
    """A regular expression for the whole text, or None when the pattern is malformed."""
    parts: list[str] = []
    index = 0
    while index < len(pattern):
        char = pattern[index]
        index += 1
        if char == "*":
            parts.append(".*")
        elif char == "?":
            parts.append(".")
        elif char == "[":
            found = _character_class(pattern, index)
            if found is None:
                return None
            expression, index = found
            parts.append(expression)
        elif char == "\\":
            if index == len(pattern):
                return None
            parts.append(re.escape(pattern[index]))
            index += 1
        else:
            parts.append(re.escape(char))
    return re.compile("".join(parts), re.DOTALL)


def _character_class(pattern: str, index: int) -> tuple[str, int] | None:
    """The expression for a class that opened just before ``index``, and the index behind it."""
    negated = pattern.startswith("^", index)
    index += negated
    ranges: list[str] = []
    while not (ranges and pattern.startswith("]", index)):
        low = _class_character(pattern, index)
        if low is None:
            return None
        first, index = low
        last = first
        if pattern.startswith("-", index):
            high = _class_character(pattern, index + 1)
            if high is None:
                return None
            last, index = high
        if first <= last:
            ranges.append(f"{re.escape(first)}-{re.escape(last)}")
        else:
            ranges.append("")
    members = "".join(ranges)
    if not members:
        return ("." if negated else "(?!)"), index + 1
    return f"[{'^' if negated else ''}{members}]", index + 1


def _class_character(pattern: str, index: int) -> tuple[str, int] | None:
    if index >= len(pattern) or pattern[index] in "-]":
        return None
    if pattern[index] == "\\":
        index += 1
    # The class must go on behind the character: an open class is malformed.
    if index + 1 >= len(pattern):
        return None
    return pattern[index], index + 1


def trim_prefix(text: str, pattern: str, *, longest: bool) -> str:
    """``text`` without its shortest or longest non-empty beginning that matches; as it is if none does."""
    compiled = compile_pattern(pattern)
    if compiled is None:
        return text
    lengths = range(len(text), 0, -1) if longest else range(1, len(text) + 1)
    for length in lengths:
        if compiled.fullmatch(text, 0, length):
            return text[length:]
    return text


def trim_suffix(text: str, pattern: str, *, longest: bool) -> str:
    """The same at the end of ``text``; Flux turns text and pattern round, classes and escapes too."""
    return trim_prefix(text[::-1], pattern[::-1], longest=longest)[::-1]
