"""Downloads a release archive, proves its SHA-256, and takes the one executable out of it."""

from __future__ import annotations

import hashlib
import http.client
import json
import ssl
import tarfile
import time
import urllib.error
import urllib.parse
import urllib.request
import zlib
from functools import cache
from pathlib import Path
from typing import IO, Any

from meshwright import __version__
from meshwright.errors import MeshwrightError
from meshwright.tools.catalog import Platform, ToolSpec
from meshwright.tools.model import InstallationFault

VARIABLE = "MESHWRIGHT_DOWNLOAD_BASE"

Checksums = dict[str, dict[str, dict[str, Any]]]

# Seconds without an answer or a byte; short, because there is another way to get the tool.
_SOCKET_SECONDS = 10.0
_WHOLE_SECONDS = 600.0
# The largest archive is helm's, about 20 MB, which unpacks to some 60 MB.
_ARCHIVE_BYTES = 128 << 20
_EXECUTABLE_BYTES = 512 << 20
_BLOCK_BYTES = 1 << 18


@cache
def load_checksums() -> Checksums:
    """The SHA-256 of each archive by tool, version and platform, with the public sources that state it."""
    content: Checksums = json.loads(Path(__file__).with_name("checksums.json").read_text(encoding="utf-8"))
    return content


def known_checksum(checksums: Checksums, spec: ToolSpec, version: str, platform: Platform) -> str | None:
    """The archive's SHA-256 in hexadecimal; None means that no download is offered."""
    entry = checksums.get(spec.name, {}).get(version, {})
    found: str | None = entry.get("sha256", {}).get(str(platform))
    return found


def archive_url(spec: ToolSpec, version: str, platform: Platform, base: str | None) -> str:
    """The archive's address; ``base`` replaces scheme and host, so that a mirror keeps the same paths."""
    url = spec.url(version, platform)
    if not base:
        return url
    if urllib.parse.urlsplit(base).scheme not in ("http", "https"):
        raise MeshwrightError(f"{VARIABLE} is {base!r}; it must begin with https:// or http://")
    return base.rstrip("/") + urllib.parse.urlsplit(url).path


def download_executable(url: str, sha256: str, member: str, folder: Path) -> Path:
    """Fetch the archive at ``url`` into ``folder`` and take ``member`` out of it; gives the executable.

    Nothing is unpacked before the archive's SHA-256 has proved to be ``sha256``. Raises InstallationFault.
    """
    archive = folder / "archive.tar.gz"
    found = _fetch(url, archive)
    if found != sha256:
        raise InstallationFault(f"{url} has sha256 {found}, but {sha256} is expected: it was not unpacked")
    executable = folder / member.rpartition("/")[2]
    _extract(archive, member, executable, url)
    archive.unlink()
    return executable


def _fetch(url: str, archive: Path) -> str:
    """Write what is at ``url`` into ``archive``; gives its SHA-256."""
    request = urllib.request.Request(url, headers={"User-Agent": f"meshwright/{__version__}"})
    host = urllib.parse.urlsplit(url).netloc
    try:
        with urllib.request.urlopen(request, timeout=_SOCKET_SECONDS) as response, archive.open("wb") as file:
            told = response.headers.get("Content-Length", "")
            return _copy(response, file, url, int(told) if told.isdecimal() else None)
    except urllib.error.HTTPError as error:
        raise InstallationFault(f"{url} answers {error.code} {error.reason}") from error
    except urllib.error.URLError as error:
        raise InstallationFault(f"{host} cannot be reached: {error.reason}") from error
    except http.client.IncompleteRead as error:
        raise InstallationFault(f"{url} broke off after {len(error.partial)} bytes") from error
    except (TimeoutError, ConnectionError, ssl.SSLError, http.client.HTTPException) as error:
        raise InstallationFault(f"{url} broke off: {error or type(error).__name__}") from error


def _copy(response: IO[bytes], file: IO[bytes], url: str, length: int | None) -> str:
    digest = hashlib.sha256()
    size = 0
    deadline = time.monotonic() + _WHOLE_SECONDS
    while block := response.read(_BLOCK_BYTES):
        size += len(block)
        if size > _ARCHIVE_BYTES:
            raise InstallationFault(f"{url} is larger than {_ARCHIVE_BYTES >> 20} MiB")
        if time.monotonic() > deadline:
            raise InstallationFault(f"{url} took longer than {_WHOLE_SECONDS:.0f} s")
        digest.update(block)
        file.write(block)
    # urllib ends a read quietly when the connection closes early.
    if length is not None and size != length:
        raise InstallationFault(f"{url} broke off after {size} of {length} bytes")
    return digest.hexdigest()


def _extract(archive: Path, member: str, executable: Path, url: str) -> None:
    """Copy the one regular file of that exact name; no name inside the archive ever becomes a path."""
    try:
        with tarfile.open(archive, "r:gz") as content:
            for item in content:
                if item.name.removeprefix("./") != member:
                    continue
                source = content.extractfile(item) if item.isreg() else None
                if source is None:
                    raise InstallationFault(f"{url}: {member} in the archive is not a regular file")
                if item.size > _EXECUTABLE_BYTES:
                    raise InstallationFault(f"{url}: {member} is larger than {_EXECUTABLE_BYTES >> 20} MiB")
                with source, executable.open("wb") as file:
                    while block := source.read(_BLOCK_BYTES):
                        file.write(block)
                return
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise InstallationFault(f"{url} is not a readable tar.gz archive: {error}") from error
    raise InstallationFault(f"{url} holds no {member}")
