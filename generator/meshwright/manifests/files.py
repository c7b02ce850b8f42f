"""The files of a repository: listed once, each read and parsed once."""

from __future__ import annotations

import errno
import os
import sys
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any, Protocol, TypeVar

from meshwright.errors import MeshwrightError, Position
from meshwright.faults import fault
from meshwright.finding import Finding
from meshwright.limits import current
from meshwright.manifests.folders import SKIPPED_FOLDERS
from meshwright.manifests.inside import leads_out
from meshwright.reading import open_regular
from meshwright.yaml import Document, YamlFault, is_suspect, load_documents

# Larger than any manifest; a larger file is data.
SIZE_LIMIT = 10 * 1024 * 1024

_YAML = (".yaml", ".yml")

T = TypeVar("T")


class Store(Protocol):
    """The storage of a repository whose files are not all in its folder."""

    @property
    def paths(self) -> Iterable[str]:
        """Every regular file."""

    def read(self, path: str) -> bytes | None:
        """The content of a file; None if it is in the folder. Raises OSError if there is none."""

    def provide(self, paths: Iterable[str]) -> None:
        """Write files to the folder, for a program that reads them there."""


class RepositoryFiles:
    """Regular files below ``root``, by their path relative to it with forward slashes.

    Symbolic links are left out: Flux leaves them out of its artifacts too, and they may form loops.
    Virtual environments are left out. If ``root`` belongs to a known checkout, so are files that Git ignores
    and the checkouts in ``inner``.
    """

    def __init__(self, root: Path, *, checkout: Path | None = None, store: Store | None = None) -> None:
        """``checkout`` is the Git checkout that ``root`` is in or was copied from; default ``root`` itself.

        ``store`` provides the files if they are not all in ``root``.
        """
        self.root = Path(os.path.realpath(root))
        self.checkout = Path(os.path.realpath(checkout)) if checkout else self.root
        self._twin: RepositoryFiles = self
        self._same: frozenset[str] = frozenset()
        self._store = store
        # Checkouts of other repositories inside this one, which Git does not track the files of.
        self.inner: list[str] = []
        self.paths: tuple[str, ...] = tuple(sorted(self._walk() if store is None else store.paths))
        self._files = frozenset(self.paths)
        self._folders = frozenset(
            str(parent) for path in self._files for parent in PurePosixPath(path).parents
        )
        self._texts: dict[str, str | YamlFault] = {}
        self._documents: dict[str, list[Document] | YamlFault] = {}
        # Files on which Meshwright's own parser failed.
        self.faults: list[Finding] = []
        self._made: dict[tuple[Callable[[RepositoryFiles, str], Any], str], Any] = {}

    def once(self, make: Callable[[RepositoryFiles, str], T], path: str) -> T:
        """The result of ``make`` for a file; it runs once per file, and all callers share the result."""
        key = (make, path)
        if key not in self._made:
            self._made[key] = make(self, path)
        found: T = self._made[key]
        return found

    def share(self, twin: RepositoryFiles, same: frozenset[str]) -> None:
        """Read the files at ``same``, which are equal in both repositories, only once, through ``twin``."""
        self._twin, self._same = twin, same

    @property
    def same(self) -> frozenset[str]:
        """The files that are equal in the twin."""
        return self._same

    @property
    def folders(self) -> frozenset[str]:
        """The folders that contain files, directly or further down."""
        return self._folders

    def is_listed(self, path: str) -> bool:
        """Whether ``path`` is a listed file or folder, so that no part of it is a link."""
        return path in self._files or path in self._folders

    def is_file(self, path: str) -> bool:
        """Whether ``path`` is a listed file, or one on disk that the listing left out."""
        return path in self._files or os.path.isfile(f"{self.root}/{path}")  # noqa: PTH113 - of any text

    def is_folder(self, path: str) -> bool:
        """Whether ``path`` is a folder; "." is the repository itself."""
        return path in self._folders or os.path.isdir(f"{self.root}/{path}")  # noqa: PTH112 - of any text

    def withheld(self, path: str) -> str:
        """Why ``path`` is not passed to any tool; empty if it is inside the repository."""
        if self.is_listed(path):
            return ""
        return leads_out(self.root, path)

    def holds_files(self, folder: str) -> bool:
        """Whether Git tracks ``folder``, that is, whether it is not empty."""
        return folder in self._folders

    def yaml_paths(self) -> Iterator[str]:
        """Every file that ends in .yaml or .yml."""
        return (path for path in self.paths if path.endswith(_YAML))

    def below(self, folder: str) -> Iterator[str]:
        """Every file in ``folder`` and its sub-folders."""
        if folder == ".":
            return iter(self.paths)
        # "0" is the character after "/", and paths are sorted, so all paths below are adjacent.
        first, end = bisect_left(self.paths, f"{folder}/"), bisect_left(self.paths, f"{folder}0")
        return iter(self.paths[first:end])

    def siblings(self, path: str) -> list[str]:
        """Names of the files and folders beside ``path``."""
        if self.withheld(path):
            return []
        folder = self.root / PurePosixPath(path).parent
        try:
            return sorted(entry.name for entry in os.scandir(folder))
        except (OSError, ValueError):
            return []

    def text(self, path: str) -> str:
        """The text of a file. Raises YamlFault if it is too large, unreadable or not UTF-8."""
        if path in self._same:
            return self._twin.text(path)
        if path not in self._texts:
            self._texts[path] = self._read(path)
        found = self._texts[path]
        if isinstance(found, YamlFault):
            raise found
        return found

    def documents(self, path: str) -> list[Document]:
        """The YAML documents of a file. Raises YamlFault."""
        if path in self._same:
            return self._twin.documents(path)
        if path not in self._documents:
            try:
                self._documents[path] = load_documents(self.text(path), path)
            except YamlFault as broken:
                self._documents[path] = broken
            except Exception as error:
                # A bug that one file triggers affects only that file.
                self.faults.append(fault(error, f"reading {path}", Position(path)))
                self._documents[path] = YamlFault(
                    Position(path), "cannot be read because of a bug in Meshwright"
                )
        found = self._documents[path]
        if isinstance(found, YamlFault):
            raise found
        return found

    def limit_of(self, path: str) -> YamlFault | None:
        """Why a file is not passed to any tool: it expands to too much memory, or is nested too deeply."""
        try:
            if is_suspect(self.text(path)):
                self.documents(path)
        except YamlFault as fault:
            return fault if fault.is_limit else None
        return None

    def provide(self, paths: Iterable[str]) -> None:
        """Make sure that files exist in the folder too."""
        if self._store is not None:
            self._store.provide(paths)

    def raw(self, path: str, limit: int | None = None) -> bytes | None:
        """The content of a file; None if it has more than ``limit`` bytes.

        Raises OSError, also for a path that leads out of the repository.
        """
        if reason := self.withheld(path):
            raise PermissionError(errno.EACCES, reason, path)
        stored = self._store.read(path) if self._store is not None else None
        if stored is not None:
            return stored if limit is None or len(stored) <= limit else None
        try:
            with open_regular(self.root / path, sys.maxsize if limit is None else limit) as file:
                return file.read()
        except OSError as error:
            if error.errno == errno.EFBIG:
                return None
            raise

    def peek(self, path: str, limit: int) -> bytes:
        """The content of a file to search in; empty if it cannot be read or has more than ``limit`` bytes."""
        try:
            return self.raw(path, limit) or b""
        except OSError:
            return b""

    def _read(self, path: str) -> str | YamlFault:
        try:
            raw = self.raw(path, current().file * 2**20)
        except OSError as error:
            return YamlFault(Position(path), f"cannot be read: {error.strerror}")
        if raw is None:
            problem = (
                f"larger than {current().file} MiB: not read; raise the limit with {current().option('file')}"
            )
            return YamlFault(Position(path), problem, is_limit=True)
        try:
            return raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            column = error.start - raw.rfind(b"\n", 0, error.start)
            return YamlFault(Position(path, line, column), f"not UTF-8 text (byte {raw[error.start]:#04x})")

    def _walk(self) -> Iterator[str]:
        ignored = self._ignored_by_git()
        pending = [""]
        while pending:
            folder = pending.pop()
            try:
                entries = list(os.scandir(self.root / folder))
            except OSError:
                continue
            if folder and self._is_foreign(folder, entries):
                continue
            for entry in entries:
                path = f"{folder}{entry.name}"
                if entry.is_symlink() or path in ignored:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    if entry.name not in SKIPPED_FOLDERS:
                        pending.append(f"{path}/")
                elif entry.is_file(follow_symlinks=False):
                    yield path

    def _is_foreign(self, folder: str, entries: Iterable[os.DirEntry[str]]) -> bool:
        """Whether a folder is a virtual environment of Python, or another repository's checkout."""
        names = {entry.name: entry for entry in entries}
        if "pyvenv.cfg" in names and ("bin" in names or "Scripts" in names):
            return True
        git = names.get(".git")
        # A submodule has a file .git, and Git tracks it.
        is_inner = git is not None and git.is_dir(follow_symlinks=False) and (self.root / ".git").exists()
        if is_inner and (self.root / folder / ".git" / "HEAD").is_file():
            self.inner.append(folder.rstrip("/"))
            return True
        return False

    def _ignored_by_git(self) -> frozenset[str]:
        """Paths that Git ignores, with a folder as one path; none if Git is not available or fails."""
        if not (self.checkout / ".git").exists() or not self.root.is_relative_to(self.checkout):
            return frozenset()
        from meshwright.git.changes import ignored
        from meshwright.git.worktree import WorkTree

        try:
            return ignored(WorkTree.of(self.root))
        except MeshwrightError:
            return frozenset()
