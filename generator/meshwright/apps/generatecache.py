"""Knows a repository whose output is fresh by the state of its files, without reading one of them.

A file is known by size, modification and change time and inode, so that even an edit that restores the
modification time is seen. This package and what it is built on count too.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path

from meshwright import __version__
from meshwright.errors import Position
from meshwright.manifests.files import SKIPPED_FOLDERS
from meshwright.manifests.finding import Finding, Severity
from meshwright.resources import data_root
from meshwright.tools.cache import cache_root
from meshwright.writing import keep

_FORMAT = 1
_PACKAGE = Path(__file__).resolve().parents[1]
# The place aside is in it, and nothing that an application is made of.
_OWN_CACHE = ".cache"


@dataclass(frozen=True)
class Fresh:
    """What a run that had nothing to write said."""

    applications: int
    warnings: tuple[Finding, ...]


@dataclass(frozen=True)
class Signature:
    """The state of a repository: what output is made from, and the output."""

    sources: str
    output: str


class GenerateCache:
    """What is remembered of one repository, in the user's cache."""

    def __init__(self, root: Path) -> None:
        self._root = root
        name = hashlib.sha256(os.fsencode(root)).hexdigest()
        self._file = cache_root() / "generated" / f"{name}.json"

    def signature(self) -> Signature:
        """The state of the repository now."""
        sources, output = hashlib.sha256(), hashlib.sha256()
        for line in _surroundings():
            sources.update(line)
        for path, line in _files(self._root):
            (output if _is_output(path) else sources).update(line)
        return Signature(sources.hexdigest(), output.hexdigest())

    def recall(self, signature: Signature) -> Fresh | None:
        """What was said when the repository was in this state and fresh."""
        try:
            data = json.loads(self._file.read_text(encoding="utf-8"))
            if data["signature"] != asdict(signature):
                return None
            return Fresh(data["applications"], tuple(_finding(item) for item in data["warnings"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def keep(self, signature: Signature, fresh: Fresh) -> None:
        """Best effort: a cache that cannot be written costs time only."""
        text = json.dumps({"signature": asdict(signature), **asdict(fresh)})
        keep(self._file.parent, self._file.name, text)


def _finding(item: dict[str, object]) -> Finding:
    position = item["position"]
    assert isinstance(position, dict)
    return Finding(**{**item, "position": Position(**position), "severity": Severity(item["severity"])})  # type: ignore[arg-type]


def _surroundings() -> Iterator[bytes]:
    """This package, its schema and partials, and the folder that the libraries are installed in."""
    yield f"{_FORMAT} {__version__}\0".encode()
    folders = [_PACKAGE, data_root() / "template" / "includes"]
    for folder in folders:
        for _, line in _files(folder):
            yield line
    library = find_spec("yaml")
    installed = [Path(library.origin).parents[1]] if library and library.origin else []
    for path in (data_root() / "schema" / "mesh.schema.json", *installed):
        yield _line(str(path), path.stat())


def _files(root: Path) -> Iterator[tuple[str, bytes]]:
    """Each file and link with its state, in one order; what an engine never sees is left out."""
    top = os.fspath(root)
    pending = [""]
    while pending:
        folder = pending.pop()
        try:
            with os.scandir(f"{top}/{folder}") as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError:
            yield folder, f"{folder} unreadable\0".encode("utf-8", "surrogateescape")
            continue
        for entry in entries:
            path = f"{folder}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in SKIPPED_FOLDERS and path != _OWN_CACHE:
                    pending.append(f"{path}/")
                continue
            try:
                yield path, _line(path, entry.stat(follow_symlinks=False))
            except OSError:
                yield path, f"{path} gone\0".encode("utf-8", "surrogateescape")


def _line(path: str, state: os.stat_result) -> bytes:
    text = f"{path} {state.st_mode} {state.st_size} {state.st_mtime_ns} {state.st_ctime_ns} {state.st_ino}\0"
    return text.encode("utf-8", "surrogateescape")


def _is_output(path: str) -> bool:
    return path.startswith("mesh/apps/") or (path.startswith("clusters/") and "/apps/" in path)
