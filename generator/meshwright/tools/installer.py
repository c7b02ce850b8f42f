"""Puts a pinned tool into the cache: a checked download, or else ``go install``."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from meshwright.errors import MeshwrightError
from meshwright.tools.cache import VARIABLE as CACHE_VARIABLE
from meshwright.tools.cache import Entry, cache_entry
from meshwright.tools.catalog import host_platform, tool_spec, wanted_version
from meshwright.tools.finder import locate
from meshwright.tools.model import InstallationFault, Origin, Tool, ToolNotFoundError
from meshwright.tools.progress import tell, working

if TYPE_CHECKING:
    from meshwright.tools.download import Checksums


@dataclass(frozen=True)
class Installer:
    """Installs into one cache, by default the user's.

    ``base_url`` stands in for the scheme and host of every download (default: MESHWRIGHT_DOWNLOAD_BASE);
    ``checksums`` replaces the table of checksums.json.
    """

    cache_root: Path | None = None
    base_url: str | None = None
    checksums: Checksums | None = None

    def install(self, name: str) -> Tool:
        """The pinned version of a tool, in the cache when this returns; at once when it already is.

        Two processes that install the same tool at the same time do it once. Raises MeshwrightError with
        every way that was tried; the cache then holds what it held before.
        """
        spec, version = tool_spec(name), wanted_version(name)
        entry = cache_entry(spec, version, self.cache_root)
        ready = entry.read()
        if ready:
            return ready
        try:
            with entry.lock():
                # Another process may have installed it while this one waited.
                return entry.read() or self._produce(entry)
        except OSError as error:
            raise MeshwrightError(
                f"{spec.name} {version} cannot be written to the cache: {error.filename or entry.folder}: "
                f"{error.strerror}; set {CACHE_VARIABLE} to a folder that can be written"
            ) from error

    def _produce(self, entry: Entry) -> Tool:
        spec, version = entry.spec, entry.version
        faults: list[str] = []
        ways: tuple[Callable[[Entry, Path], tuple[Path, Origin, str]], ...] = (self._download, self._build)
        for way in ways:
            with entry.staging() as folder:
                try:
                    executable, origin, detail = way(entry, folder)
                except InstallationFault as fault:
                    faults.append(str(fault))
                    if way != ways[-1]:
                        tell(f"{spec.name} {version}: {fault}; trying go install")
                else:
                    return entry.store(executable, origin, detail)
        raise MeshwrightError(
            f"{spec.name} {version} could not be installed ({'; '.join(faults)}): "
            f"set {spec.variable} to its path, or put it on PATH"
        )

    def _download(self, entry: Entry, folder: Path) -> tuple[Path, Origin, str]:
        from meshwright.tools import download

        spec, version, platform = entry.spec, entry.version, host_platform()
        table = download.load_checksums() if self.checksums is None else self.checksums
        sha256 = download.known_checksum(table, spec, version, platform)
        if sha256 is None:
            raise InstallationFault(f"no download: no checksum is known for {platform}")
        base = self.base_url or os.environ.get(download.VARIABLE)
        url = download.archive_url(spec, version, platform, base)
        with working(f"downloading {spec.name} {version}", f"downloaded {spec.name} {version}"):
            executable = download.download_executable(url, sha256, spec.archive_member(platform), folder)
        return executable, Origin.DOWNLOAD, url

    def _build(self, entry: Entry, folder: Path) -> tuple[Path, Origin, str]:
        from meshwright.tools.gobuild import go_install

        spec, version = entry.spec, entry.version
        message = f"building {spec.name} {version} with go install ({spec.build_time})"
        with working(message, f"built {spec.name} {version}"):
            executable = go_install(spec, version, folder)
        return executable, Origin.GO_INSTALL, f"{spec.package}@{version}"


def install(name: str) -> Tool:
    """Install the pinned version of a tool into the user's cache; see ``Installer.install``."""
    return Installer().install(name)


def ensure(name: str) -> Tool:
    """The tool wherever ``locate`` finds it, installed first when it is nowhere.

    Raises MeshwrightError when an explicit path is wrong (nothing is installed in its stead) or when every
    way to install failed.
    """
    try:
        return locate(name)
    except ToolNotFoundError:
        return install(name)
