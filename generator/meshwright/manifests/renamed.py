"""Names as a build leaves them, and the question whether one of them was made of another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

_BETWEEN = "\n"


class Names:
    """Built names; ``x in names`` says whether one of them holds x, with a prefix or a suffix or without."""

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._together = ""

    def add(self, name: str) -> None:
        """Take a name in."""
        self._names.add(name)
        self._together = ""

    def __contains__(self, name: str) -> bool:
        if name in self._names:
            return True
        # One look at all of them: many names would be compared with many others.
        if not self._together:
            self._together = _BETWEEN.join(self._names)
        return _BETWEEN not in name and name in self._together


def _parts(name: str) -> Iterator[str]:
    for length in range(len(name), 0, -1):
        for start in range(len(name) - length + 1):
            yield name[start : start + length]


def longest_part(name: str, known: Mapping[str, object]) -> str:
    """The longest key of ``known`` that is part of ``name``; empty when none is."""
    # A short name has fewer parts than a large file has names.
    if len(known) > len(name) * (len(name) + 1) // 2:
        return next((part for part in _parts(name) if part in known), "")
    return max((item for item in known if item and item in name), key=len, default="")
