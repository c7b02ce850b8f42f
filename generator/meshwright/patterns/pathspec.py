"""Matches git pathspecs: the files that ``git ls-files -- PATH`` lists.

These are PATH itself, everything below it, and what it matches as a pattern. In a pattern, ``*`` also matches
slashes, and ``?`` and a set like ``[!a-z]`` match one byte (git, wildmatch.c without WM_PATHNAME).
"""

from __future__ import annotations

import posixpath
import re
from functools import lru_cache

from meshwright.patterns.regexp import Pattern, PatternFault, compile_pattern

_CLASSES = [
    "alnum",
    "alpha",
    "blank",
    "cntrl",
    "digit",
    "graph",
    "lower",
    "print",
    "punct",
    "space",
    "upper",
    "xdigit",
]
_CLASS = re.compile(r"\[:([^\]]*):\]")
_SPECIAL = re.compile(r"[*?\[\\]")


def is_magic(path: str) -> bool:
    """Whether a path has pathspec magic, such as ``:(icase)``."""
    return path.startswith(":")


def matches(path: str, file: str) -> bool:
    """Whether Git lists ``file`` for ``path``; False for a path that Git rejects."""
    wanted = _normal(path)
    if wanted is None:
        return False
    if wanted in ("", file) or file.startswith(wanted if wanted.endswith("/") else f"{wanted}/"):
        return True
    pattern = _compile(wanted)
    return pattern is not None and pattern.fits(_bytes(file))


def _normal(path: str) -> str | None:
    """The path relative to the repository's root; None outside it."""
    if not path or path.startswith("/"):
        return None
    normal = posixpath.normpath(path)
    if normal == ".." or normal.startswith("../"):
        return None
    return "" if normal == "." else normal + ("/" if path.endswith("/") else "")


def _bytes(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("latin-1")


@lru_cache(maxsize=512)
def _compile(pattern: str) -> Pattern | None:
    if not _SPECIAL.search(pattern):
        return None
    text = _bytes(pattern)
    parts: list[str] = []
    index = 0
    while index < len(text):
        char = text[index]
        index += 1
        if char in "*?":
            parts.append(".*" if char == "*" else ".")
        elif char == "[":
            found = _set(text, index)
            if found is None:
                return None
            expression, index = found
            parts.append(expression)
        else:
            if char == "\\":
                # A trailing backslash never matches.
                if index == len(text):
                    return None
                char = text[index]
                index += 1
            parts.append(_char(char))
    try:
        return compile_pattern("".join(parts), dot_takes_newline=True)
    except PatternFault:
        return None


def _set(text: str, index: int) -> tuple[str, int] | None:
    """The expression of the set opened before ``index``, and the index after it; None if malformed."""
    negated = text[index : index + 1] in ("!", "^")
    index += negated
    members: list[str] = []
    previous, first = "", True
    while first or text[index : index + 1] != "]":
        first = False
        if index >= len(text):
            return None
        char = text[index]
        following = text[index + 1 : index + 2]
        if char == "-" and previous and following and following != "]":
            index += 1
            if following == "\\":
                index += 1
            last = text[index : index + 1]
            if not last:
                return None
            if previous <= last:
                members.append(f"{_char(previous)}-{_char(last)}")
            previous = ""
        elif char == "[" and (named := _CLASS.match(text, index)):
            if named[1] not in _CLASSES:
                return None
            members.append(f"[:{named[1]}:]")
            index = named.end() - 1
            previous = ""
        else:
            if char == "\\":
                index += 1
                char = following
                if not char:
                    return None
            members.append(_char(char))
            previous = char
        index += 1
    if not members:
        return ("." if negated else "[^\\x{0}-\\x{10FFFF}]"), index + 1
    return f"[{'^' if negated else ''}{''.join(members)}]", index + 1


def _char(char: str) -> str:
    return f"\\x{{{ord(char):x}}}"
