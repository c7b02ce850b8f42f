"""Finds charts on this machine: beside a kustomization, in a given folder, or in the cache."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

from meshwright.errors import MeshwrightError
from meshwright.tools.cache import cache_root
from meshwright.yaml import YamlFault, parse

CACHED = "charts"


def charts_in_cache() -> Path:
    """The charts folder of the cache; it need not exist."""
    return cache_root() / CACHED


class ChartStore:
    """Unpacked charts by name and version.

    A base folder holds ``<name>-<version>.tgz``, ``<name>-<version>/``, kustomize's own
    ``<name>-<version>/<name>/``, or ``<name>/`` whose Chart.yaml says that version.
    """

    def __init__(self, scratch: Path, given: Path | None = None) -> None:
        """``given`` is the user's charts folder; archives are unpacked below ``scratch``.

        Raises MeshwrightError when ``given`` is no folder.
        """
        if given is not None and not given.is_dir():
            problem = "is not a folder" if given.exists() else "does not exist"
            raise MeshwrightError(f"{given}: {problem}; --charts names a folder of charts")
        self._bases = [base.absolute() for base in (given, charts_in_cache()) if base is not None]
        self._scratch = scratch / "charts"
        self._unpacked: dict[Path, Path | None] = {}
        self._homes = 0

    def find(self, name: str, version: str, beside: Path | None = None) -> Path | None:
        """The folder with Chart.yaml of a chart, first in ``beside``; None when it is nowhere.

        Without a version any will do. Raises MeshwrightError when an archive cannot be read.
        """
        if not name or name in (".", "..") or "/" in name or "/" in version:
            return None
        bases = [*([beside] if beside else []), *self._bases]
        return next((found for base in bases for found in self._in_base(base, name, version)), None)

    def home(self, charts: list[tuple[str, str, Path]]) -> Path:
        """A chartHome for kustomize that leads to ``charts``, each a name, a version and a folder."""
        home = self._scratch / f"home{self._homes}"
        self._homes += 1
        home.mkdir(parents=True)
        for name, version, folder in charts:
            # Kustomize looks below the version when the entry has a repo too, else for the bare name.
            for link in (home / f"{name}-{version}" / name, home / name):
                link.parent.mkdir(exist_ok=True)
                if not link.is_symlink():
                    link.symlink_to(folder)
        return home

    def _in_base(self, base: Path, name: str, version: str) -> Iterator[Path]:
        whole = f"{name}-{version}"
        # A name with a version in it is taken at its word; a bare one is not.
        for folder in (base / whole, base / whole / name):
            if version and _is_chart(folder, name):
                yield folder
        archive = base / f"{whole}.tgz"
        if version and _is_there(archive) and _is_chart(self._unpack(archive) / name, name):
            yield self._unpack(archive) / name
        if _is_chart(base / name, name, version):
            yield base / name

    def _unpack(self, archive: Path) -> Path:
        target = self._unpacked.get(archive)
        if target is None:
            target = self._unpacked[archive] = self._scratch / f"archive{len(self._unpacked)}"
            try:
                with tarfile.open(archive) as content:
                    # The filter refuses what would leave the folder.
                    content.extractall(target, filter="data")
            except (OSError, tarfile.TarError, EOFError) as error:
                reason = str(error).splitlines()[0] if str(error) else type(error).__name__
                raise MeshwrightError(f"{archive}: not a chart archive: {reason}; fetch it anew") from None
        return target


def _is_there(file: Path) -> bool:
    return os.path.isfile(file)  # noqa: PTH113 - a version may be any text


def _is_chart(folder: Path, name: str, version: str = "") -> bool:
    try:
        data = parse((folder / "Chart.yaml").read_text(encoding="utf-8"))
    except (OSError, ValueError, YamlFault):
        return False
    if not isinstance(data, dict) or data.get("name") != name:
        return False
    return not version or str(data.get("version")).removeprefix("v") == version.removeprefix("v")
