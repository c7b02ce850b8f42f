"""Regular expressions of Go programs, which are RE2: no look-around, and time linear in the text.

RE2's own C++ library reads them. It differs from Go's package regexp in what is mended here: ``\\C`` is no
Go, Go limits how deep an expression nests, and RE2 matches text alone, where Go reads bytes that are none.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

# What one compiled pattern may take, in bytes; kustomize's are some kB.
_MEMORY = 8 * 2**20
# A byte of its own: RE2 takes it for half a character, and Go has no such escape.
_ONE_BYTE = re.compile(r"(?:^|[^\\])(?:\\\\)*\\C")
_NOT_TEXT = re.compile("[\ud800-\udfff]")


class PatternFault(ValueError):
    """A pattern that RE2 refuses; the text says why in its words."""


class Pattern:
    """A compiled pattern."""

    def __init__(self, compiled: Any) -> None:
        self._compiled = compiled

    def found_in(self, text: str) -> bool:
        """Whether any part of ``text`` fits."""
        return self._compiled.search(as_text(text)) is not None

    def fits(self, text: str) -> bool:
        """Whether all of ``text`` fits."""
        return self._compiled.fullmatch(as_text(text)) is not None

    def beginning(self, text: str) -> int | None:
        """How many characters at the beginning of ``text`` fit, of several numbers the preferred; or None."""
        found = self._compiled.match(as_text(text))
        return None if found is None else int(found.end())


@lru_cache(maxsize=4096)
def compile_pattern(expression: str, *, dot_takes_newline: bool = False) -> Pattern:
    """Read ``expression`` as Go does. Raises PatternFault."""
    # Few repositories have a pattern, and what has none should not wait for the library.
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
    """The same as kustomize compiles what a target names: it must fit the whole text. Raises PatternFault.

    source: kustomize api/types/selector.go, anchorRegex
    """
    return compile_pattern(f"^(?:{expression})$")


def as_text(text: str) -> str:
    """``text`` with U+FFFD for each byte that is no UTF-8, as Go sees it."""
    return text if text.isascii() else _NOT_TEXT.sub("\ufffd", text)
