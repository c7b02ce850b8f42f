"""Which files source-controller leaves out of an artifact.

source-controller matches the full path of each file and never skips a folder as a whole, so ``!`` can
include a file of an ignored folder again. ``.git`` and similar files are always ignored; the other built-in
patterns apply only if neither a ``.sourceignore`` nor spec.ignore has a pattern
(github.com/fluxcd/pkg/sourceignore v0.18.0 and artifact v0.18.1, SourceIgnoreFilter). The patterns look
like Git's but follow go-git, which differs for ``**``, empty parts and malformed patterns.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass

from meshwright.errors import Position
from meshwright.finding import Finding
from meshwright.manifests.files import SIZE_LIMIT, RepositoryFiles
from meshwright.patterns.shell import matcher

_FILE = ".sourceignore"
_VERSION_CONTROL = (".git/", ".gitignore", ".gitmodules", ".gitattributes")
_BUILT_IN = (
    *_VERSION_CONTROL,
    *("*.jpg", "*.jpeg", "*.gif", "*.png", "*.wmv", "*.flv", "*.tar.gz", "*.zip"),
    *(".github/", ".circleci/", ".travis.yml", ".gitlab-ci.yml", "appveyor.yml", ".drone.yml"),
    *("cloudbuild.yaml", "codeship-services.yml", "codeship-steps.yml"),
    *("**/.goreleaser.yml", "**/.sops.yaml", "**/.flux.yaml"),
)
# Go's bufio.Scanner stops at a longer line without an error, so the lines after it have no effect.
_MAX_LINE_BYTES = 2**16
# Each pattern is compared with each file; people write ten.
_MAX_PATTERNS = 5_000
# What Go's strings.TrimSpace removes; Python's strip removes four more control characters.
_SPACES = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))


class SourceIgnore:
    """Decides whether a file is left out of the artifact.

    ``ignore`` is the source's spec.ignore; its patterns are applied last.
    """

    def __init__(self, files: RepositoryFiles, ignore: str = "") -> None:
        self._files = files
        self._others: dict[str, SourceIgnore] = {}
        self._patterns: dict[str, list[IgnorePattern]] = {}
        # One for each file that exceeds the limit of patterns.
        self.findings: list[Finding] = []
        remaining = _MAX_PATTERNS
        for path in files.paths:
            if posixpath.basename(path) == _FILE and (lines := _read(files, path)):
                if len(lines) > remaining:
                    self.findings.append(_too_many(path))
                self._patterns[posixpath.dirname(path)] = [
                    IgnorePattern.read(line) for line in lines[:remaining]
                ]
                remaining -= min(remaining, len(lines))
        self._last = [
            IgnorePattern.read(line) for line in _lines(ignore.encode("utf-8", "surrogateescape"))[:remaining]
        ]
        given = bool(self._patterns or self._last)
        self._first = [IgnorePattern.read(line) for line in (_VERSION_CONTROL if given else _BUILT_IN)]
        self._known: dict[str, bool] = {}

    def of(self, ignore: str) -> SourceIgnore:
        """The matcher for a source with a different spec.ignore."""
        if not ignore:
            return self
        if ignore not in self._others:
            self._others[ignore] = SourceIgnore(self._files, ignore)
        return self._others[ignore]

    def __call__(self, path: str) -> bool:
        """Whether Flux ignores the file ``path``."""
        if path not in self._known:
            self._known[path] = self._ignored(path)
        return self._known[path]

    def _ignored(self, path: str) -> bool:
        """The last matching pattern decides."""
        parts = path.split("/")
        for pattern in reversed(self._last):
            if pattern.matches(parts):
                return not pattern.includes
        for depth in range(len(parts) - 1, -1, -1) if self._patterns else ():
            for pattern in reversed(self._patterns.get("/".join(parts[:depth]), [])):
                if pattern.matches(parts[depth:]):
                    return not pattern.includes
        # No built-in pattern is negated.
        return any(pattern.matches(parts) for pattern in self._first)


@dataclass(frozen=True)
class IgnorePattern:
    """One line: a matcher for each part of a path, relative to the file's folder."""

    parts: tuple[str, ...]
    matchers: tuple[Callable[[str], bool], ...]
    includes: bool
    folders_only: bool

    @classmethod
    def read(cls, line: str) -> IgnorePattern:
        """Parse a line; a malformed pattern matches nothing."""
        includes = line.startswith("!")
        text = line.removeprefix("!")
        if not text.endswith("\\ "):
            text = text.rstrip(" ")
        folders_only = text.endswith("/")
        parts = tuple(text.removesuffix("/").split("/"))
        return cls(parts, tuple(map(matcher, parts)), includes, folders_only)

    def matches(self, path: list[str]) -> bool:
        """Whether the pattern matches a file or one of its parent folders."""
        if len(self.parts) == 1:
            # The first matching name decides, so the file name counts only if no folder matches.
            place = next((place for place, name in enumerate(path) if self.matchers[0](name)), None)
            return place is not None and not (self.folders_only and place == len(path) - 1)
        used = self._matched_names(path)
        return used is not None and not (self.folders_only and used == len(path))

    def _matched_names(self, path: list[str]) -> int | None:
        """How many leading names of the path the pattern matches; None if it does not match.

        An empty part matches nothing, and ``**`` as few names as the next part allows.
        """
        used, matched, anywhere = 0, False, False
        for number, (part, matches) in enumerate(zip(self.parts, self.matchers, strict=True)):
            if not part:
                anywhere = False
            elif part == "**":
                if number == len(self.parts) - 1:
                    break
                anywhere = True
            elif "**" in part or used == len(path):
                return None
            elif anywhere:
                anywhere = False
                place = next((place for place in range(used, len(path)) if matches(path[place])), None)
                # Not found: no names are left, and only empty parts and a ** may follow.
                matched, used = place is not None, len(path) if place is None else place + 1
            elif matches(path[used]):
                matched, used = True, used + 1
            else:
                return None
        return used if matched else None


def _read(files: RepositoryFiles, path: str) -> list[str]:
    return _lines(files.peek(path, SIZE_LIMIT))


def _lines(raw: bytes) -> list[str]:
    """The lines that contain patterns."""
    found = []
    for part in raw.split(b"\n"):
        if len(part) >= _MAX_LINE_BYTES:
            break
        line = part.removesuffix(b"\r").decode("utf-8", "surrogateescape")
        if not line.startswith("#") and line.strip(_SPACES):
            found.append(line)
    return found


def _too_many(path: str) -> Finding:
    text = f"the {_FILE} files together have more than {_MAX_PATTERNS} patterns; the rest is not read"
    return Finding("build/too-many-patterns", Position(path), text, "list folders instead of files")
