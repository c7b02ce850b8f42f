"""Downloads a release archive, verifies its SHA-256, and extracts the executable."""

from __future__ import annotations

import hashlib
import json
import tarfile
import urllib.parse
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from io import BufferedReader
from pathlib import Path
from typing import IO, Any

from meshwright.errors import MeshwrightError
from meshwright.reading import open_regular
from meshwright.tools.catalog import Platform, ToolSpec, host_platform
from meshwright.tools.model import InstallationFault
from meshwright.web import Web
from meshwright.webaddress import WebFault

VARIABLE = "MESHWRIGHT_DOWNLOAD_BASE"

Checksums = dict[str, dict[str, dict[str, Any]]]

# Seconds without a response or data; short, because the tool can also be built.
_SOCKET_SECONDS = 10.0
_WHOLE_SECONDS = 600.0
# The largest archive is helm's: about 20 MB, and 60 MB unpacked.
_ARCHIVE_BYTES = 128 << 20
_EXECUTABLE_BYTES = 512 << 20
_BLOCK_BYTES = 1 << 18


@cache
def load_checksums() -> Checksums:
    """The SHA-256 of each archive by tool, version and platform, with the public sources that publish it."""
    content: Checksums = json.loads(Path(__file__).with_name("checksums.json").read_text(encoding="utf-8"))
    return content


def known_checksum(checksums: Checksums, spec: ToolSpec, version: str, platform: Platform) -> str | None:
    """The archive's SHA-256 in hexadecimal; None if it is unknown, so that nothing is downloaded."""
    entry = checksums.get(spec.name, {}).get(version, {})
    found: str | None = entry.get("sha256", {}).get(str(platform))
    return found


def archive_url(spec: ToolSpec, version: str, platform: Platform, base: str | None) -> str:
    """The archive's URL; ``base`` replaces scheme and host, so that a mirror has the same paths."""
    url = spec.url(version, platform)
    if not base:
        return url
    if urllib.parse.urlsplit(base).scheme not in ("http", "https"):
        raise MeshwrightError(f"{VARIABLE} is {base!r}; it must start with https:// or http://")
    return base.rstrip("/") + urllib.parse.urlsplit(url).path


def fetch_archive(url: str, sha256: str, folder: Path) -> Path:
    """Fetch the archive at ``url`` into ``folder``, where nothing else writes; returns its path.

    Raises InstallationFault unless its SHA-256 is ``sha256``.
    """
    archive = folder / "archive.tar.gz"
    found = _fetch(url, archive)
    if found != sha256:
        raise InstallationFault(f"{url} has SHA-256 {found} instead of {sha256} and was not unpacked")
    return archive


def unpack(archive: Path, sha256: str, member: str, folder: Path, source: str) -> Path:
    """Extract ``member`` of an archive into ``folder``; returns the executable.

    ``source`` names the archive in errors. Raises InstallationFault, without opening it as an archive, unless
    its SHA-256 is ``sha256``.
    """
    executable = folder / member.rpartition("/")[2]
    with _proved(archive, sha256, source) as content, executable.open("xb") as file:
        try:
            for block in _member(content, member, source):
                file.write(block)
        except BaseException:
            executable.unlink()
            raise
    return executable


def proved_member(
    archive: Path, spec: ToolSpec, version: str, checksums: Checksums | None = None
) -> str | None:
    """The SHA-256 of the executable in an archive; None unless the archive has the known checksum."""
    table = load_checksums() if checksums is None else checksums
    platform = host_platform()
    expected = known_checksum(table, spec, version, platform)
    if expected is None:
        return None
    digest = hashlib.sha256()
    try:
        with _proved(archive, expected, str(archive)) as content:
            for block in _member(content, spec.archive_member(platform), str(archive)):
                digest.update(block)
    except (InstallationFault, OSError):
        return None
    return digest.hexdigest()


@contextmanager
def _proved(archive: Path, sha256: str, source: str) -> Iterator[BufferedReader]:
    """The archive's content after its SHA-256 is verified; the bytes that were hashed are read."""
    with open_regular(archive, _ARCHIVE_BYTES) as content:
        found = hashlib.file_digest(content, "sha256").hexdigest()
        if found != sha256:
            raise InstallationFault(f"{source} has SHA-256 {found} instead of {sha256} and was not unpacked")
        content.seek(0)
        yield content


def _fetch(url: str, archive: Path) -> str:
    """Download ``url`` into ``archive``; returns its SHA-256."""
    # The user, or the catalog, names the host, and the content is believed by its checksum only.
    web = Web(anywhere=True, socket_seconds=_SOCKET_SECONDS, whole_seconds=_WHOLE_SECONDS)
    try:
        with archive.open("x+b") as file:
            web.get(url, _ARCHIVE_BYTES, into=file)
            file.seek(0)
            return hashlib.file_digest(file, "sha256").hexdigest()
    except WebFault as fault:
        raise InstallationFault(str(fault)) from fault


def _member(archive: IO[bytes], member: str, source: str) -> Iterator[bytes]:
    """The regular file with exactly that name, in blocks; names in the archive never become paths."""
    try:
        with tarfile.open(fileobj=archive, mode="r:gz") as content:
            for item in content:
                if item.name.removeprefix("./") != member:
                    continue
                file = content.extractfile(item) if item.isreg() else None
                if file is None:
                    raise InstallationFault(f"{source}: {member} in the archive is not a regular file")
                if item.size > _EXECUTABLE_BYTES:
                    raise InstallationFault(
                        f"{source}: {member} is larger than {_EXECUTABLE_BYTES >> 20} MiB"
                    )
                with file:
                    while block := file.read(_BLOCK_BYTES):
                        yield block
                return
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise InstallationFault(f"{source} is not a readable tar.gz archive: {error}") from error
    raise InstallationFault(f"{source} does not contain {member}")
