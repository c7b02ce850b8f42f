"""Installs a pinned tool into the cache: a verified download, or otherwise ``go install``."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from meshwright.cache.places import VARIABLE as CACHE_VARIABLE
from meshwright.errors import MeshwrightError
from meshwright.printing import complain
from meshwright.progress import working
from meshwright.tools.catalog import host_platform, tool_spec, wanted_version
from meshwright.tools.finder import locate
from meshwright.tools.model import InstallationFault, Tool, ToolNotFoundError, ToolOrigin
from meshwright.tools.toolcache import CachedTool, cache_entry

if TYPE_CHECKING:
    from meshwright.tools.download import Checksums


@dataclass(frozen=True)
class Installer:
    """Installs into one cache, by default the user's.

    ``base_url`` replaces the scheme and host of every download (default: MESHWRIGHT_DOWNLOAD_BASE);
    ``checksums`` replaces the table in checksums.json.
    """

    cache_root: Path | None = None
    base_url: str | None = None
    checksums: Checksums | None = None

    def install(self, name: str) -> Tool:
        """Install the pinned version of a tool into the cache, unless it is there.

        Two processes that install the same tool at the same time do so once. Raises MeshwrightError with
        every method that was tried; the cache is then unchanged.
        """
        spec, version = tool_spec(name), wanted_version(name)
        entry = cache_entry(spec, version, self.cache_root)
        ready = entry.read(self.checksums)
        if ready:
            return ready
        try:
            with entry.lock():
                # Another process may have installed it while this one waited.
                return entry.read(self.checksums) or self._produce(entry)
        except OSError as error:
            raise MeshwrightError(
                f"{spec.name} {version} cannot be written to the cache: {error.filename or entry.folder}: "
                f"{error.strerror}; set {CACHE_VARIABLE} to a writable folder"
            ) from error

    def _produce(self, entry: CachedTool) -> Tool:
        spec, version = entry.spec, entry.version
        faults: list[str] = []
        ways: tuple[Callable[[CachedTool, Path], _Product], ...] = (self._download, self._build)
        for way in ways:
            with entry.staging() as folder:
                try:
                    made = way(entry, folder)
                except InstallationFault as fault:
                    faults.append(str(fault))
                    if way != ways[-1]:
                        complain(f"{spec.name} {version}: {fault}; trying go install\n")
                else:
                    return entry.store(made.executable, made.origin, made.detail, made.archive)
        raise MeshwrightError(
            f"{spec.name} {version} could not be installed ({'; '.join(faults)}): "
            f"set {spec.variable} to its path, or put it on PATH"
        )

    def _download(self, entry: CachedTool, folder: Path) -> _Product:
        from meshwright.tools import download

        spec, version, platform = entry.spec, entry.version, host_platform()
        table = download.load_checksums() if self.checksums is None else self.checksums
        sha256 = download.known_checksum(table, spec, version, platform)
        if sha256 is None:
            raise InstallationFault(f"no download: no checksum is known for {platform}")
        base = self.base_url or os.environ.get(download.VARIABLE)
        url = download.archive_url(spec, version, platform, base)
        member = spec.archive_member(platform)
        # An existing archive, restored by CI for example, is used if it is valid and replaced otherwise.
        with suppress(InstallationFault, OSError):
            executable = download.unpack(entry.archive, sha256, member, folder, str(entry.archive))
            archive = entry.archive.replace(folder / entry.archive.name)
            return _Product(executable, ToolOrigin.DOWNLOAD, url, archive)
        named = f"{spec.name} {version}"
        with working(f"downloading {named}", plain=True, done=f"downloaded {named}"):
            archive = download.fetch_archive(url, sha256, folder)
            executable = download.unpack(archive, sha256, member, folder, url)
        return _Product(executable, ToolOrigin.DOWNLOAD, url, archive)

    def _build(self, entry: CachedTool, folder: Path) -> _Product:
        from meshwright.tools.gobuild import go_install
        from meshwright.tools.ledger import Ledger

        spec, version = entry.spec, entry.version
        # Fail before the build rather than after it: the next command could not use the result.
        Ledger().prepare()
        message = f"building {spec.name} {version} with go install ({spec.build_time})"
        with working(message, plain=True, done=f"built {spec.name} {version}"):
            executable = go_install(spec, version, folder)
        return _Product(executable, ToolOrigin.GO_INSTALL, f"{spec.package}@{version}")


@dataclass(frozen=True)
class _Product:
    """A new executable, and the archive it was extracted from."""

    executable: Path
    origin: ToolOrigin
    detail: str
    archive: Path | None = None


def install(name: str) -> Tool:
    """Install the pinned version of a tool into the user's cache; see ``Installer.install``."""
    return Installer().install(name)


def ensure(name: str) -> Tool:
    """The tool that ``locate`` finds; it is installed first if there is none.

    Raises MeshwrightError if an explicit path is wrong, in which case nothing is installed, or if every
    method failed.
    """
    try:
        return locate(name)
    except ToolNotFoundError:
        return install(name)
