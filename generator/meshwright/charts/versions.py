"""Versions and ranges of versions, as Helm, Flux and Argo CD read them.

source: Masterminds/semver v3.5.0, version.go and constraints.go.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import total_ordering

_LONGEST_VERSION, _LONGEST_RANGE, _MOST_GROUPS = 256, 512, 32
_LARGEST = 2**64
# Go's \s.
_SPACE = r"[\t\n\f\r ]"
_TAIL = r"(-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
_VERSION = re.compile(rf"v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?{_TAIL}\Z")
_PART = r"[0-9|xX*]+"
_WRITTEN = rf"v?({_PART})(?:\.({_PART}))?(?:\.({_PART}))?{_TAIL}"
_ONE = re.compile(rf"{_SPACE}*(=|!=|>=|>|<=|<|=>|=<|~>|~|\^|){_SPACE}*{_WRITTEN}")
_BETWEEN = re.compile(rf"{_SPACE}*({_WRITTEN}){_SPACE}+-{_SPACE}+({_WRITTEN}){_SPACE}*")
_SEPARATOR = re.compile(rf"{_SPACE}*,|{_SPACE}+")
_ANY = frozenset({"x", "X", "*"})


class VersionFault(ValueError):
    """A text that is no version, or no range of versions."""


@total_ordering
@dataclass(frozen=True, eq=False)
class SemanticVersion:
    """A semantic version; missing parts are 0, and ``pre`` is what follows the dash."""

    major: int
    minor: int
    patch: int
    pre: str = ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SemanticVersion) and self._key == other._key

    def __lt__(self, other: SemanticVersion) -> bool:
        return self._key < other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @property
    def _key(self) -> tuple[int, int, int, bool, tuple[tuple[bool, int, str], ...]]:
        return (self.major, self.minor, self.patch, not self.pre, _parts(self.pre))


def read_version(text: str) -> SemanticVersion:
    """Read a version as Helm does: with or without ``v``, minor and patch. Raises VersionFault."""
    found = _VERSION.match(text) if len(text) <= _LONGEST_VERSION else None
    if found is None:
        raise VersionFault(f"{text!r} is not a version")
    major, minor, patch = (int(part or 0) for part in found.groups()[:3])
    pre = (found[4] or "").removeprefix("-")
    if max(major, minor, patch) >= _LARGEST or any(
        len(part) > 1 and part.isdecimal() and part[0] == "0" for part in pre.split(".")
    ):
        raise VersionFault(f"{text!r} is not a version")
    return SemanticVersion(major, minor, patch, pre)


def is_version(text: str) -> bool:
    """Whether a text names exactly one version, with all three numbers."""
    try:
        read_version(text)
    except VersionFault:
        return False
    return text.partition("-")[0].partition("+")[0].count(".") == 2


class Range:
    """A range of versions, such as ``~1.2`` or ``>=1, <3 || 5.x``."""

    def __init__(self, text: str) -> None:
        """Raises VersionFault for a text that Helm refuses."""
        if len(text) > _LONGEST_RANGE:
            raise VersionFault("a range of more than 512 characters")
        written = text
        for found in _BETWEEN.finditer(text):
            # The groups of the second version follow those of the first.
            written = written.replace(found[0], f">= {found[1]}, <= {found[6]} ", 1)
        groups = written.split("||")
        if len(groups) > _MOST_GROUPS:
            raise VersionFault("a range of more than 32 groups")
        self._groups = [_group(group, text) for group in groups]

    def __contains__(self, version: SemanticVersion) -> bool:
        for group in self._groups:
            # A pre-release fits only where a comparison of the group names one itself.
            if version.pre and not any(one.bound.pre for one in group):
                continue
            if all(one.admits(version) for one in group):
                return True
        return False


def newest(names: Iterable[str], wanted: str) -> str | None:
    """The name of the newest version in the range ``wanted``; ``""`` means any that is no pre-release.

    A name that is exactly ``wanted`` comes first, and names that are no versions are skipped. Raises
    VersionFault if ``wanted`` is neither a name nor a range.
    """
    listed = list(names)
    if wanted in listed:
        return wanted
    fitting = Range(wanted or "*")
    best: tuple[SemanticVersion, str] | None = None
    for name in listed:
        try:
            version = read_version(name)
        except VersionFault:
            continue
        if version in fitting and (best is None or version > best[0]):
            best = (version, name)
    return best[1] if best else None


@dataclass(frozen=True)
class _Comparison:
    """An operator and its version; ``known`` counts the parts that are written and not ``x``."""

    operator: str
    bound: SemanticVersion
    known: int

    def admits(self, version: SemanticVersion) -> bool:
        bound, whole = self.bound, self.known == 3
        if self.operator in ("", "="):
            return version == bound if whole else self._near(version)
        if self.operator == "!=":
            return version != bound if whole else self._differs(version)
        if self.operator == ">":
            return self._above(version)
        if self.operator == "<":
            return version < bound
        if self.operator in (">=", "=>"):
            return version >= bound
        if self.operator in ("<=", "=<"):
            return version <= bound if whole else self._at_most(version)
        return self._near(version) if self.operator in ("~", "~>") else self._compatible(version)

    def _differs(self, version: SemanticVersion) -> bool:
        bound = self.bound
        if version.major != bound.major or (version.minor != bound.minor and self.known != 1):
            return True
        if self.known == 1:
            return False
        if version.patch != bound.patch and self.known == 0:
            return True
        if self.known == 2:
            return (version.pre or bound.pre) != "" and _parts(version.pre) != _parts(bound.pre)
        return version != bound

    def _above(self, version: SemanticVersion) -> bool:
        bound = self.bound
        if self.known in (0, 3) and (self.known == 3 or version.major == bound.major):
            return version > bound
        if version.major != bound.major:
            return version.major > bound.major
        return self.known == 2 and version.minor > bound.minor

    def _at_most(self, version: SemanticVersion) -> bool:
        bound = self.bound
        if version.major != bound.major:
            return version.major < bound.major
        return self.known == 1 or version.minor <= bound.minor

    def _near(self, version: SemanticVersion) -> bool:
        bound = self.bound
        if version < bound:
            return False
        if (bound.major, bound.minor, bound.patch) == (0, 0, 0) and self.known in (0, 3):
            return True
        return version.major == bound.major and (version.minor == bound.minor or self.known == 1)

    def _compatible(self, version: SemanticVersion) -> bool:
        bound = self.bound
        if version < bound:
            return False
        if bound.major > 0 or self.known == 1:
            return version.major == bound.major
        if version.major > 0:
            return False
        if bound.minor > 0 or self.known == 2:
            return version.minor == bound.minor
        return version.minor == 0 and version.patch == bound.patch


def _group(text: str, whole: str) -> list[_Comparison]:
    found, at = [], 0
    while True:
        one = _ONE.match(text, at)
        if one is None:
            raise VersionFault(f"{whole!r} is not a version or a range of versions")
        found.append(_comparison(one, whole))
        if not text[one.end() :].strip("\t\n\f\r "):
            return found
        separator = _SEPARATOR.match(text, one.end())
        if separator is None:
            raise VersionFault(f"{whole!r} is not a version or a range of versions")
        at = separator.end()


def _comparison(found: re.Match[str], whole: str) -> _Comparison:
    operator, *numbers, pre = found.groups()
    known = next((at for at, part in enumerate(numbers) if part is None or part in _ANY), 3)
    kept = [*numbers[:known], *["0"] * (3 - known)]
    try:
        bound = read_version(".".join(map(str, kept)) + (pre or ""))
    except VersionFault:
        raise VersionFault(f"{whole!r} is not a version or a range of versions") from None
    return _Comparison(str(operator), bound, known)


def _parts(pre: str) -> tuple[tuple[bool, int, str], ...]:
    """A key that orders pre-releases: numbers before words, and fewer parts first."""
    if not pre:
        return ()
    return tuple(
        (False, int(part), "") if part.isdecimal() and int(part) < _LARGEST else (True, 0, part)
        for part in pre.split(".")
    )
