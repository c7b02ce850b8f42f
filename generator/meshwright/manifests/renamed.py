"""Built object names, and whether one of them was derived from a source name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

_SEPARATOR = "\n"


class Names:
    """Built names; ``x in names`` is true if one of them contains x, for example with a prefix or suffix."""

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._joined = ""

    def add(self, name: str) -> None:
        """Add a name."""
        self._names.add(name)
        self._joined = ""

    def __contains__(self, name: str) -> bool:
        if name in self._names:
            return True
        # Search all names in one text: comparing many names with many others is slow.
        if not self._joined:
            self._joined = _SEPARATOR.join(self._names)
        return _SEPARATOR not in name and name in self._joined


def _substrings(name: str) -> Iterator[str]:
    for length in range(len(name), 0, -1):
        for start in range(len(name) - length + 1):
            yield name[start : start + length]


def longest_part(name: str, known: Mapping[str, object]) -> str:
    """The longest key of ``known`` that is contained in ``name``; empty if there is none."""
    # A short name has fewer substrings than a large file has names.
    if len(known) > len(name) * (len(name) + 1) // 2:
        return next((part for part in _substrings(name) if part in known), "")
    return max((item for item in known if item and item in name), key=len, default="")
