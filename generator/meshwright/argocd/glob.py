"""Argo CD's shell patterns.

``*`` matches any text that holds none of the separators, ``**`` any text, ``?`` one character, ``[a-z]``
and ``[!a-z]`` one of a set, ``{a,b}`` one of several (github.com/gobwas/glob, as Argo CD 3.5 uses it).
"""

from __future__ import annotations

import re
from functools import lru_cache


@lru_cache(maxsize=512)
def _compile(pattern: str, separators: str) -> re.Pattern[str] | None:
    apart = f"[^{re.escape(separators)}]" if separators else "."
    parts: list[str] = []
    depth = index = 0
    while index < len(pattern):
        char = pattern[index]
        index += 1
        if char == "*":
            twice = pattern.startswith("*", index)
            index += twice
            parts.append(".*" if twice else f"{apart}*")
        elif char == "?":
            parts.append(apart)
        elif char == "[" and (end := pattern.find("]", index + 1)) > 0:
            inner = pattern[index:end]
            negated = inner[:1] in ("!", "^")
            members = inner[negated:].replace("\\", "\\\\").replace("[", "\\[")
            parts.append(f"[{'^' if negated else ''}{members}]")
            index = end + 1
        elif char == "{":
            depth += 1
            parts.append("(?:")
        elif char == "}" and depth:
            depth -= 1
            parts.append(")")
        elif char == "," and depth:
            parts.append("|")
        elif char == "\\" and index < len(pattern):
            parts.append(re.escape(pattern[index]))
            index += 1
        else:
            parts.append(re.escape(char))
    try:
        return re.compile("".join(parts), re.DOTALL)
    except re.error:
        return None


def matches(pattern: str, text: str, separators: str = "") -> bool:
    """Whether all of ``text`` fits; a malformed pattern fits nothing."""
    compiled = _compile(pattern, separators)
    return compiled is not None and compiled.fullmatch(text) is not None


def permits(pattern: str, text: str, separators: str = "") -> bool:
    """The same for a project's list, in which ``!`` at the start means anything else."""
    if pattern.startswith("!"):
        return not matches(pattern[1:], text, separators)
    return pattern == "*" or matches(pattern, text, separators)


def denies(pattern: str) -> bool:
    """Whether a pattern of a project only forbids."""
    return pattern.startswith("!")
