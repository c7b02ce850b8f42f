"""The tool cache: one folder per tool, version and platform. Its content alone proves nothing."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from meshwright.cache.places import cache_root
from meshwright.errors import MeshwrightError
from meshwright.progress import working
from meshwright.reading import open_lock
from meshwright.tools.catalog import ToolSpec, host_platform
from meshwright.tools.ledger import Ledger, Record, file_sha256
from meshwright.tools.model import Tool, ToolOrigin
from meshwright.writing import Tree

if TYPE_CHECKING:
    from meshwright.tools.download import Checksums

_STAGING = ".staging-"


@dataclass(frozen=True)
class CachedTool:
    """One tool's place in the cache: <root>/tools/<name>/<version>/<os>-<arch>/."""

    spec: ToolSpec
    version: str
    root: Path

    @property
    def folder(self) -> Path:
        """The folder of the files below; it may not exist."""
        return self.root / "tools" / self.spec.name / self.version / str(host_platform())

    @property
    def binary(self) -> Path:
        """The executable."""
        return self.folder / self.spec.name

    @property
    def archive(self) -> Path:
        """The archive that the executable was extracted from, unless it was built."""
        return self.folder / "archive.tar.gz"

    @property
    def record(self) -> Path:
        """A description of the executable for people; it is never read as proof."""
        return self.folder / "record.json"

    def read(self, checksums: Checksums | None = None) -> Tool | None:
        """The tool; None if it is missing or its origin is not proved.

        The proof is a record in the ledger that this machine made it, which costs one small file and one
        stat, or an archive beside it that has a checksum of ``checksums`` (default: checksums.json) and
        contains it.
        """
        try:
            status = self.binary.lstat()
            if not stat.S_ISREG(status.st_mode) or not os.access(self.binary, os.X_OK):
                return None
            ledger = Ledger()
            record = ledger.vouch(self.spec.name, self.version, self.binary, status)
            record = record or self._proved(checksums, status)
        except OSError:
            return None
        if record is None:
            return None
        if not ledger.knows(self.binary, record):
            # If it cannot be recorded, it is proved again each time.
            with suppress(MeshwrightError):
                ledger.keep(self.binary, record)
        return Tool(self.spec.name, self.version, self.binary, record.origin, record.detail)

    def store(self, executable: Path, origin: ToolOrigin, detail: str, archive: Path | None = None) -> Tool:
        """Move an executable, and the archive it is from, into place; call it under ``lock``.

        Raises MeshwrightError when it was built and this cannot be recorded.
        """
        executable.chmod(0o755)
        sha256 = file_sha256(executable)
        self.record.unlink(missing_ok=True)
        self.archive.unlink(missing_ok=True)
        executable.replace(self.binary)
        blank = Record(self.spec.name, self.version, origin, detail, sha256, 0, 0, 0, 0)
        record = blank.seen(self.binary.lstat())
        Tree(self.folder).write(self.record.name, _for_people(record))
        try:
            Ledger().keep(self.binary, record)
        except MeshwrightError:
            if archive is None:
                raise
        if archive:
            # Last: a process that reads meanwhile waits for the lock, instead of a record of its own.
            archive.replace(self.archive)
        return Tool(self.spec.name, self.version, self.binary, origin, detail)

    def doubt(self) -> str:
        """Why ``read`` returned None, in a few words."""
        if not os.path.lexists(self.binary):
            return "not in the cache"
        problem = Ledger().problem
        return f"the origin of the cached copy is not proved{': ' if problem else ''}{problem}"

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Lock the entry against other processes that install the same tool."""
        try:
            import fcntl
        except ImportError:
            raise MeshwrightError(
                f"{self.spec.name} cannot be installed on this platform; set {self.spec.variable} to its path"
            ) from None
        self.root.mkdir(parents=True, exist_ok=True)
        with Tree(self.root).folder(self.folder.relative_to(self.root).as_posix(), make=True):
            pass
        with open_lock(self.folder / ".lock") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                message = f"waiting for another process that installs {self.spec.name} {self.version}"
                with working(message, plain=True):
                    fcntl.flock(file, fcntl.LOCK_EX)
            yield

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """An empty folder on the cache's file system, removed afterwards; call it under ``lock``.

        What a killed process left is removed by the next one: under the lock, no other process works here.
        """
        import shutil
        import tempfile

        for left in self.folder.glob(f"{_STAGING}*"):
            # rmtree does not follow links.
            shutil.rmtree(left, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(prefix=_STAGING, dir=self.folder))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _proved(self, checksums: Checksums | None, status: os.stat_result) -> Record | None:
        """A record if the archive beside the executable proves it."""
        if not os.path.lexists(self.archive):
            return None
        from meshwright.tools import download

        found = download.proved_member(self.archive, self.spec, self.version, checksums)
        if found is None or found != file_sha256(self.binary):
            return None
        url = self.spec.url(self.version, host_platform())
        return Record(self.spec.name, self.version, ToolOrigin.DOWNLOAD, url, found, 0, 0, 0, 0).seen(status)


def _for_people(record: Record) -> bytes:
    told = {
        "name": record.name,
        "version": record.version,
        "origin": record.origin,
        "detail": record.detail,
        "sha256": record.sha256,
        "size": record.size,
        "mtime": record.modified,
    }
    return f"{json.dumps(told, indent=2)}\n".encode()


def cache_entry(spec: ToolSpec, version: str, root: Path | None = None) -> CachedTool:
    """The place of a tool's version in a cache (by default the user's), for this platform."""
    return CachedTool(spec, version, root or cache_root())
