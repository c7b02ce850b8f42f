"""Records which executables this machine built, or extracted from an archive with the right checksum.

The cache may come from elsewhere, restored by CI for example, so its content alone proves nothing. The ledger
is in the user's state folder, which CI does not restore.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from meshwright.cache.places import state_root
from meshwright.errors import MeshwrightError
from meshwright.jsontext import parse_json
from meshwright.reading import open_lock, read_small
from meshwright.tools.model import ToolOrigin
from meshwright.writing import Tree

_FORMAT = 1


@dataclass(frozen=True)
class Record:
    """One executable; ``size`` in bytes, ``modified`` and ``changed`` in nanoseconds.

    Programs cannot set the change time, so these numbers distinguish the file from a replaced one.
    """

    name: str
    version: str
    origin: ToolOrigin
    detail: str
    sha256: str
    size: int
    modified: int
    changed: int
    inode: int

    def seen(self, status: os.stat_result) -> Record:
        """The record with the current state of the file."""
        return replace(
            self,
            size=status.st_size,
            modified=status.st_mtime_ns,
            changed=status.st_ctime_ns,
            inode=status.st_ino,
        )


class Ledger:
    """The content of the ledger, one small file, at the time of construction."""

    def __init__(self) -> None:
        self._file: Path | None = None
        self._records: dict[str, Record] = {}
        # Why the ledger cannot be used; "" if it can.
        self.problem = ""
        try:
            self._file = state_root() / "tools.json"
            self._records = _read(self._file)
        except MeshwrightError as error:
            self.problem = str(error)
        except OSError as error:
            self.problem = _unreadable(error, self._file)

    def vouch(self, name: str, version: str, path: Path, status: os.stat_result) -> Record | None:
        """The record of the file at ``path`` with state ``status``; None if this machine did not make it.

        Hashes the file only if its state is unknown and a record of that tool has its size: a copied or moved
        file is recognized by its bytes.
        """
        here = self._records.get(str(path))
        if here and (here.name, here.version) == (name, version) and here == here.seen(status):
            return here
        alike = [
            record
            for record in self._records.values()
            if (record.name, record.version, record.size) == (name, version, status.st_size)
        ]
        sha256 = file_sha256(path) if alike else ""
        return next((record.seen(status) for record in alike if record.sha256 == sha256), None)

    def knows(self, path: Path, record: Record) -> bool:
        """Whether the ledger has exactly this record."""
        return self._records.get(str(path)) == record

    def keep(self, path: Path, record: Record) -> None:
        """Record that this machine made the file at ``path``. Raises MeshwrightError if that fails."""
        with self._writing() as file:
            records = {known: entry for known, entry in _read(file).items() if os.path.lexists(known)}
            self._records = {**records, str(path): record}
            content = {
                "version": _FORMAT,
                "executables": {known: asdict(entry) for known, entry in self._records.items()},
            }
            text = f"{json.dumps(content, indent=2)}\n"
            Tree(file.parent).write(file.name, text.encode(), mode=0o600)

    def prepare(self) -> None:
        """Check that ``keep`` will work. Raises MeshwrightError if it would not."""
        with self._writing() as file:
            if not os.access(file.parent, os.W_OK):
                raise PermissionError(13, "not writable", str(file.parent))

    @contextmanager
    def _writing(self) -> Iterator[Path]:
        """Lock the ledger against other processes."""
        if self._file is None:
            raise MeshwrightError(self.problem)
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with open_lock(self._file.with_suffix(".lock")) as lock:
                _lock(lock.fileno())
                yield self._file
        except OSError as error:
            raise MeshwrightError(_unwritable(error, self._file)) from error


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file's content, in hexadecimal."""
    import hashlib

    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read(file: Path) -> dict[str, Record]:
    """Every record by the path of its executable; empty if the ledger is missing or damaged."""
    try:
        content = parse_json(read_small(file))
        return {
            str(path): Record(**{**fields, "origin": ToolOrigin(fields["origin"])})
            for path, fields in content["executables"].items()
        }
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, KeyError, AttributeError):
        return {}


def _lock(handle: int) -> None:
    # Without a lock a record may be lost, which costs only another build.
    try:
        import fcntl
    except ImportError:
        return
    fcntl.flock(handle, fcntl.LOCK_EX)


def _unreadable(error: OSError, file: Path | None) -> str:
    return f"{error.filename or file} cannot be read: {error.strerror}"


def _unwritable(error: OSError, file: Path) -> str:
    return (
        f"the ledger of installed tools cannot be written: {error.filename or file}: {error.strerror}; "
        "set XDG_STATE_HOME to a writable folder"
    )
