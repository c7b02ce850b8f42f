"""Recognizes a repository with fresh output by the state of its files, without reading them.

The state includes this package and its libraries.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from meshwright import __version__
from meshwright.cache.cachefile import CacheFile
from meshwright.cache.signature import digest, state_of, states_in
from meshwright.finding import Finding
from meshwright.manifests.folders import SKIPPED_FOLDERS
from meshwright.resources import data_root

_FORMAT = 2
_PACKAGE = Path(__file__).resolve().parents[1]
# .cache contains the staging folder, but no sources of applications.
_SKIPPED = SKIPPED_FOLDERS | {"/.cache"}


@dataclass(frozen=True)
class Fresh:
    """The result of a run that had nothing to write."""

    applications: int
    clusters: int
    warnings: tuple[Finding, ...]


@dataclass(frozen=True)
class Signature:
    """The state of a repository: of the sources, and of the output."""

    sources: str
    output: str

    @property
    def text(self) -> str:
        """Both states as one text."""
        return f"{self.sources} {self.output}"


class GenerateCache:
    """The cached result for one repository, in the user's cache."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._file = CacheFile("generated", str(root))

    def signature(self) -> Signature:
        """The current state of the repository."""
        sources, output = [*_program()], list[str]()
        for path, state in states_in(self._root, _SKIPPED):
            (output if _is_output(path) else sources).append(f"{path} {state}")
        return Signature(digest(sources), digest(output))

    def recall(self, signature: Signature) -> Fresh | None:
        """The result for this state, if the output was fresh; else None."""
        return self._file.recall(signature.text, _fresh)

    def keep(self, signature: Signature, fresh: Fresh) -> None:
        """Store a result. Best effort: a cache that cannot be written only costs time."""
        self._file.keep(signature.text, asdict(fresh))


def _fresh(data: dict[str, Any]) -> Fresh:
    return Fresh(data["applications"], data["clusters"], tuple(Finding.of(item) for item in data["warnings"]))


def _program() -> Iterator[str]:
    """The state of this package, its schema and partials, and the folder of the installed libraries."""
    yield f"{_FORMAT} {__version__}"
    for folder in (_PACKAGE, data_root() / "template" / "includes"):
        yield from (f"{path} {state}" for path, state in states_in(folder, _SKIPPED))
    library = find_spec("yaml")
    installed = [Path(library.origin).parents[1]] if library and library.origin else []
    for place in (data_root() / "schema" / "mesh.schema.json", *installed):
        yield f"{place} {state_of(place)}"


def _is_output(path: str) -> bool:
    return path.startswith("mesh/apps/") or (path.startswith("clusters/") and "/apps/" in path)
