"""The tool cache: one folder a tool, version and platform, with a record of what is in it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from meshwright.errors import MeshwrightError
from meshwright.tools.catalog import ToolSpec, host_platform
from meshwright.tools.model import Origin, Tool

VARIABLE = "MESHWRIGHT_CACHE"


def cache_root() -> Path:
    """The cache's folder: MESHWRIGHT_CACHE, or the user's cache folder; it need not exist yet."""
    told = os.environ.get(VARIABLE)
    if told:
        return Path(told).expanduser().absolute()
    import platformdirs

    return Path(platformdirs.user_cache_dir("meshwright", appauthor=False))


@dataclass(frozen=True)
class Record:
    """What an installation wrote down: a tool built by ``go install`` cannot say it itself.

    ``size`` is in bytes, ``mtime`` in nanoseconds; both are of the executable beside the record.
    """

    name: str
    version: str
    origin: Origin
    detail: str
    sha256: str
    size: int
    mtime: int


@dataclass(frozen=True)
class Entry:
    """One tool's place in the cache: <root>/tools/<name>/<version>/<os>-<arch>/."""

    spec: ToolSpec
    version: str
    folder: Path

    @property
    def binary(self) -> Path:
        """The executable."""
        return self.folder / self.spec.name

    @property
    def record(self) -> Path:
        """The record beside it."""
        return self.folder / "record.json"

    def read(self) -> Tool | None:
        """The tool, or None when it is not there or is not what its record says.

        Costs one small file and one stat. Where only the time differs (a cache that was copied or
        restored), the sha256 decides, and the record learns the new time.
        """
        try:
            record = self._load()
            status = self.binary.stat()
        except (OSError, ValueError, TypeError, KeyError):
            return None
        if (record.name, record.version, record.size) != (self.spec.name, self.version, status.st_size):
            return None
        if not os.access(self.binary, os.X_OK):
            return None
        if record.mtime != status.st_mtime_ns:
            if file_sha256(self.binary) != record.sha256:
                return None
            with suppress(OSError):
                self._save(replace(record, mtime=status.st_mtime_ns), self.folder)
        return Tool(self.spec.name, self.version, self.binary, record.origin, record.detail)

    def store(self, executable: Path, origin: Origin, detail: str) -> Tool:
        """Move a finished executable of the staging folder into its place; call it under ``lock``.

        The old record goes first and the new one comes last, so that no moment shows a record beside an
        executable that it does not describe.
        """
        executable.chmod(0o755)
        status = executable.stat()
        sha256 = file_sha256(executable)
        record = Record(
            self.spec.name, self.version, origin, detail, sha256, status.st_size, status.st_mtime_ns
        )
        self.record.unlink(missing_ok=True)
        executable.replace(self.binary)
        self._save(record, executable.parent)
        return Tool(self.spec.name, self.version, self.binary, origin, detail)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the entry against every other process that installs the same tool."""
        from meshwright.tools.progress import working

        try:
            import fcntl
        except ImportError:
            raise MeshwrightError(
                f"{self.spec.name} cannot be installed on this platform; set {self.spec.variable} to its path"
            ) from None
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                with working(f"waiting for another process that installs {self.spec.name} {self.version}"):
                    fcntl.flock(file, fcntl.LOCK_EX)
            yield

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """An empty folder on the cache's own file system, gone afterwards; call it under ``lock``.

        Its name is fixed, so that what a killed process left is swept by the next one.
        """
        import shutil

        folder = self.folder / ".staging"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _load(self) -> Record:
        fields = json.loads(self.record.read_bytes())
        return Record(**{**fields, "origin": Origin(fields["origin"])})

    def _save(self, record: Record, beside: Path) -> None:
        draft = beside / f".record-{os.getpid()}"
        draft.write_text(json.dumps(asdict(record), indent=2) + "\n", encoding="utf-8")
        draft.replace(self.record)


def cache_entry(spec: ToolSpec, version: str, root: Path | None = None) -> Entry:
    """The place of a tool's version in a cache (by default the user's), for the platform at hand."""
    base = root or cache_root()
    return Entry(spec, version, base / "tools" / spec.name / version / str(host_platform()))


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file's content, in hexadecimal."""
    import hashlib

    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
