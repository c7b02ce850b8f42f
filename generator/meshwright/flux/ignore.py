"""Which files Flux leaves out of what it fetches.

source-controller packs each file of a checkout for itself, and asks of its whole path whether it is
ignored: no folder is left out as one, so ``!`` takes back a file of an ignored folder. ``.git`` and its like
are always ignored; the other built-in patterns count only where no ``.sourceignore`` and no spec.ignore has
a pattern (github.com/fluxcd/pkg/sourceignore v0.18.0 and artifact v0.18.1, SourceIgnoreFilter). The patterns
look like Git's, and are read like go-git's: they differ in ``**``, in empty parts and in broken patterns.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass

from meshwright.errors import Position
from meshwright.manifests.files import SIZE_LIMIT, RepositoryFiles
from meshwright.manifests.finding import Finding
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
# Go's bufio.Scanner gives up at a longer line, and nothing is told of the lines behind it.
_LONGEST_LINE = 2**16
# Each is compared with each file; people write ten.
_MOST_PATTERNS = 5_000
# What Go's strings.TrimSpace takes off; Python's strip takes four control characters more.
_SPACES = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))


class SourceIgnore:
    """Says for a file whether it is missing from the artifact.

    ``ignore`` is the spec.ignore of the source, whose patterns come last.
    """

    def __init__(self, files: RepositoryFiles, ignore: str = "") -> None:
        self._files = files
        self._others: dict[str, SourceIgnore] = {}
        self._patterns: dict[str, list[IgnorePattern]] = {}
        # Files whose patterns are too many to be read.
        self.findings: list[Finding] = []
        left = _MOST_PATTERNS
        for path in files.paths:
            if posixpath.basename(path) == _FILE and (lines := _read(files, path)):
                if len(lines) > left:
                    self.findings.append(_too_many(path))
                self._patterns[posixpath.dirname(path)] = [IgnorePattern.read(line) for line in lines[:left]]
                left -= min(left, len(lines))
        self._last = [
            IgnorePattern.read(line) for line in _lines(ignore.encode("utf-8", "surrogateescape"))[:left]
        ]
        given = bool(self._patterns or self._last)
        self._first = [IgnorePattern.read(line) for line in (_VERSION_CONTROL if given else _BUILT_IN)]
        self._known: dict[str, bool] = {}

    def of(self, ignore: str) -> SourceIgnore:
        """The same for a source with another spec.ignore."""
        if not ignore:
            return self
        if ignore not in self._others:
            self._others[ignore] = SourceIgnore(self._files, ignore)
        return self._others[ignore]

    def __call__(self, path: str) -> bool:
        """Whether Flux leaves the file ``path`` out."""
        if path not in self._known:
            self._known[path] = self._ignored(path)
        return self._known[path]

    def _ignored(self, path: str) -> bool:
        """The last pattern that fits decides."""
        parts = path.split("/")
        for pattern in reversed(self._last):
            if pattern.fits(parts):
                return not pattern.includes
        for depth in range(len(parts) - 1, -1, -1) if self._patterns else ():
            for pattern in reversed(self._patterns.get("/".join(parts[:depth]), [])):
                if pattern.fits(parts[depth:]):
                    return not pattern.includes
        # None of the built-in ones takes anything back.
        return any(pattern.fits(parts) for pattern in self._first)


@dataclass(frozen=True)
class IgnorePattern:
    """One line: what each part of a path below its folder must fit."""

    parts: tuple[str, ...]
    matchers: tuple[Callable[[str], bool], ...]
    includes: bool
    folders_only: bool

    @classmethod
    def read(cls, line: str) -> IgnorePattern:
        """Every line is a pattern; a broken one fits nothing."""
        includes = line.startswith("!")
        text = line.removeprefix("!")
        if not text.endswith("\\ "):
            text = text.rstrip(" ")
        folders_only = text.endswith("/")
        parts = tuple(text.removesuffix("/").split("/"))
        return cls(parts, tuple(map(matcher, parts)), includes, folders_only)

    def fits(self, path: list[str]) -> bool:
        """Whether it fits a file, or a folder that the file is in."""
        if len(self.parts) == 1:
            # The first name that fits decides, so the last one is only reached when no folder does.
            place = next((place for place, name in enumerate(path) if self.matchers[0](name)), None)
            return place is not None and not (self.folders_only and place == len(path) - 1)
        taken = self._taken(path)
        return taken is not None and not (self.folders_only and taken == len(path))

    def _taken(self, path: list[str]) -> int | None:
        """How many names of the path the pattern stands for; None when it does not fit.

        An empty part stands for nothing, and a ``**`` for as little as lets the next part fit.
        """
        taken, fitted, anywhere = 0, False, False
        for number, (part, fits) in enumerate(zip(self.parts, self.matchers, strict=True)):
            if not part:
                anywhere = False
            elif part == "**":
                if number == len(self.parts) - 1:
                    break
                anywhere = True
            elif "**" in part or taken == len(path):
                return None
            elif anywhere:
                anywhere = False
                place = next((place for place in range(taken, len(path)) if fits(path[place])), None)
                # Not found: all names are used up, and only empty parts and a ** may follow.
                fitted, taken = place is not None, len(path) if place is None else place + 1
            elif fits(path[taken]):
                fitted, taken = True, taken + 1
            else:
                return None
        return taken if fitted else None


def _read(files: RepositoryFiles, path: str) -> list[str]:
    try:
        return _lines(files.raw(path, SIZE_LIMIT) or b"")
    except OSError:
        return []


def _lines(raw: bytes) -> list[str]:
    """The lines that are patterns."""
    found = []
    for part in raw.split(b"\n"):
        if len(part) >= _LONGEST_LINE:
            break
        line = part.removesuffix(b"\r").decode("utf-8", "surrogateescape")
        if not line.startswith("#") and line.strip(_SPACES):
            found.append(line)
    return found


def _too_many(path: str) -> Finding:
    text = f"all {_FILE} files together have more than {_MOST_PATTERNS} patterns: the rest is not read"
    return Finding("build/too-many-patterns", Position(path), text, "name folders in place of files")
