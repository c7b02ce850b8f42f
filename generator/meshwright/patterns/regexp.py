"""Regular expressions of Go programs, in RE2 syntax: no look-around, and time linear in the text.

RE2's C++ library compiles them. This module handles its differences from Go's package regexp: Go has no
``\\C``, limits the nesting of an expression, and accepts bytes that are not UTF-8.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

# The memory limit of a compiled pattern, in bytes; kustomize's take a few kB.
_MEMORY = 8 * 2**20
# The escape \C matches a single byte in RE2 and does not exist in Go.
_ONE_BYTE = re.compile(r"(?:^|[^\\])(?:\\\\)*\\C")
_NOT_TEXT = re.compile("[\ud800-\udfff]")


class PatternFault(ValueError):
    """A pattern that RE2 rejects, with RE2's message."""


class Pattern:
    """A compiled pattern."""

    def __init__(self, compiled: Any) -> None:
        self._compiled = compiled

    def found_in(self, text: str) -> bool:
        """Whether any part of ``text`` matches."""
        return self._compiled.search(as_text(text)) is not None

    def fits(self, text: str) -> bool:
        """Whether the whole ``text`` matches."""
        return self._compiled.fullmatch(as_text(text)) is not None

    def beginning(self, text: str) -> int | None:
        """The length of the preferred match at the beginning of ``text``; None if there is none."""
        found = self._compiled.match(as_text(text))
        return None if found is None else int(found.end())


@lru_cache(maxsize=4096)
def compile_pattern(expression: str, *, dot_takes_newline: bool = False) -> Pattern:
    """Compile ``expression`` as Go does. Raises PatternFault."""
    # Imported here because few repositories contain a pattern.
    import re2

    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    options.dot_nl = dot_takes_newline
    if _ONE_BYTE.search(expression):
        raise PatternFault("invalid escape sequence: \\C")
    try:
        return Pattern(re2.compile(as_text(expression), options))
    except re2.error as error:
        words = error.args[0] if error.args else "not a regular expression"
        raise PatternFault(
            words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
        ) from None


def compile_anchored(expression: str) -> Pattern:
    """Compile a pattern of a kustomize target, which must match the whole text. Raises PatternFault.

    source: kustomize api/types/selector.go, anchorRegex
    """
    return compile_pattern(f"^(?:{expression})$")


def as_text(text: str) -> str:
    """``text`` with U+FFFD for each byte that is not UTF-8, as in Go."""
    return text if text.isascii() else _NOT_TEXT.sub("\ufffd", text)
