"""Charts as helm gets them: copied into the workspace or unpacked there, without links and within a limit."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from meshwright.errors import MeshwrightError
from meshwright.limits import current

# Files in one chart; the largest known ones have some hundreds.
_MOST_FILES = 20_000
_BLOCK = 1 << 18


class ChartFault(MeshwrightError):
    """A chart that is there and that helm does not get; the message says why."""


def copy_chart(folder: Path, target: Path) -> None:
    """Copy a chart's folder. Raises ChartFault for a link, a special file, and more than the limit."""
    room = _Room(str(folder))
    for path in _walk(folder):
        entry = folder / path
        if entry.is_symlink():
            raise ChartFault(
                f"{folder}: {path} is a symbolic link, and helm would follow it; replace it by a file"
            )
        if not entry.is_file():
            raise ChartFault(f"{folder}: {path} is no file; remove it")
        size = entry.stat().st_size
        room.add_file()
        room.take(size)
        destination = target / path
        destination.parent.mkdir(parents=True, exist_ok=True)
        with entry.open("rb") as source:
            destination.write_bytes(source.read(size))


def unpack_chart(archive: Path, target: Path) -> None:
    """Unpack a chart's archive. Raises ChartFault when it is none, or more than the limit comes out of it."""
    room = _Room(str(archive))
    try:
        with gzip.open(archive) as packed:
            # What comes out is counted before anything looks at it: a header alone can be gigabytes.
            content = _Counted(packed, room.take)
            with tarfile.open(fileobj=content, mode="r|") as members:
                for member in members:
                    _unpack_member(members, member, target, archive, room)
    except (OSError, tarfile.TarError, EOFError, zlib.error, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ChartFault(f"{archive}: not a chart archive: {reason}; fetch it anew") from None


def _unpack_member(
    members: tarfile.TarFile, member: tarfile.TarInfo, target: Path, archive: Path, room: _Room
) -> None:
    name = PurePosixPath(member.name)
    if member.isdir():
        return
    if not member.isreg():
        raise ChartFault(f"{archive}: {member.name} is no plain file; package the chart anew with helm")
    if name.is_absolute() or ".." in name.parts:
        raise ChartFault(
            f"{archive}: {member.name} would leave the chart's folder; package it anew with helm"
        )
    room.add_file()
    source = members.extractfile(member)
    assert source is not None
    destination = target / name
    destination.parent.mkdir(parents=True, exist_ok=True)
    with destination.open("xb") as file:
        while block := source.read(_BLOCK):
            file.write(block)


def _walk(folder: Path) -> Iterator[str]:
    """Paths of everything but folders below a folder, none behind a link."""
    for place, folders, files in os.walk(folder, followlinks=False):
        inner = os.path.relpath(place, folder)
        linked = [name for name in folders if os.path.islink(os.path.join(place, name))]  # noqa: PTH114, PTH118
        folders[:] = sorted(name for name in folders if name not in linked and name.lower() != ".git")
        yield from (os.path.normpath(f"{inner}/{name}") for name in sorted([*files, *linked]))


class _Room:
    """What a chart may still take."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._limit = current().unpacked
        self._bytes = self._limit * 2**20
        self._files = _MOST_FILES

    def take(self, size: int) -> None:
        """Use up bytes. Raises ChartFault."""
        self._bytes -= size
        if self._bytes < 0:
            raise ChartFault(
                f"{self._name}: holds more than {self._limit} MiB: not rendered; "
                f"raise the limit with {current().option('unpacked')}"
            )

    def add_file(self) -> None:
        """Use up a file. Raises ChartFault."""
        self._files -= 1
        if self._files < 0:
            raise ChartFault(f"{self._name}: holds more than {_MOST_FILES:,} files: not rendered")


class _Counted(io.RawIOBase):
    """A stream whose reads are told before they happen."""

    def __init__(self, source: gzip.GzipFile, take: Callable[[int], None]) -> None:
        self._source = source
        self._take = take

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        block = self._source.read(size if 0 <= size <= _BLOCK else _BLOCK)
        self._take(len(block))
        return block
