"""Finds charts on this machine: beside a kustomization, in a given folder, or in the cache."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from meshwright.cache.places import charts_in_cache
from meshwright.errors import MeshwrightError
from meshwright.manifests.chartcopy import ChartFault, copy_chart, copy_chart_for_engine, unpack_chart
from meshwright.manifests.inside import read_inside
from meshwright.manifests.pulledcharts import PulledCharts
from meshwright.manifests.values import ChartReference
from meshwright.yaml import YamlFault, parse

# What to do about a chart that is not found.
PULL = "run meshwright charts pull"
# Names that helm accepts, and semantic versions; both become folder names.
_NAME = re.compile(r"(?!\.\.?$)[A-Za-z0-9._-]{1,100}")
_VERSION = re.compile(r"[A-Za-z0-9._+-]{0,100}")


class ChartStore:
    """Unpacked charts by name and version.

    A base folder contains ``<name>-<version>.tgz``, ``<name>-<version>/``, kustomize's own
    ``<name>-<version>/<name>/``, or ``<name>/`` whose Chart.yaml has that version. After the given folder
    come the charts that `charts pull` fetched, which are those of the right source.
    """

    def __init__(self, scratch: Path, given: Path | None = None, root: Path | None = None) -> None:
        """``given`` is the user's charts folder; archives are unpacked below ``scratch``.

        ``root`` is the repository: its lock file pins charts, and charts for an engine may have dependencies
        in its other folders. Raises MeshwrightError if ``given`` is not a folder.
        """
        if given is not None and not given.is_dir():
            problem = "is not a folder" if given.exists() else "does not exist"
            raise MeshwrightError(f"{given}: {problem}; --charts must be a folder of charts")
        self._given = [given.absolute()] if given is not None else []
        self._cached = charts_in_cache().absolute()
        self._pulled = PulledCharts(root)
        self._scratch = scratch / "charts"
        self._root = root
        self._unpacked: dict[Path, Path | ChartFault] = {}
        self._copied: dict[Path, Path | ChartFault] = {}
        self._for_engine: dict[Path, Path | ChartFault] = {}
        self._homes = 0

    def find(self, chart: ChartReference, beside: Path | None = None) -> Path | None:
        """The folder with the chart's Chart.yaml, searched in ``beside`` first; None if not found.

        Without a version, any version matches. Raises ChartFault if an archive cannot be read.
        """
        name, version = chart.name, chart.version
        if not _NAME.fullmatch(name):
            return None
        exact = _VERSION.fullmatch(version) is not None
        for base in [*([beside] if beside else []), *self._given] if exact else ():
            if found := next(self._in_base(base, name, version), None):
                return found
        archive = self._pulled.archive(chart)
        if archive is not None and _is_chart(self._unpack(archive) / name, name):
            return self._unpack(archive) / name
        return next(self._in_base(self._cached, name, version), None) if exact else None

    def version_of(self, chart: ChartReference) -> str:
        """The version that a chart's range, tag or digest was when it was pulled; otherwise as written."""
        pin = self._pulled.pin(chart)
        return chart.version if pin is None else pin.version

    def home(self, charts: list[tuple[str, str, Path]], *, for_engine: bool = False) -> Path:
        """Create a chartHome for kustomize with copies of ``charts``, each a name, a version and a folder.

        ``for_engine`` says that an engine gives the charts to helm itself, see copy_chart_for_engine.

        Raises ChartFault for a chart that must not be passed to helm.
        """
        for name, version, folder in charts:
            for field, text, right in (("name", name, _NAME), ("version", version, _VERSION)):
                if not right.fullmatch(text):
                    raise ChartFault(
                        f"{folder}: the chart's {field} is {text!a}, which helm refuses; "
                        "use letters, digits, dots and dashes in Chart.yaml"
                    )
        copies = [(name, version, self.copied(folder, for_engine)) for name, version, folder in charts]
        home = self._scratch / f"home{self._homes}"
        self._homes += 1
        home.mkdir(parents=True)
        for name, version, folder in copies:
            # kustomize refuses a chart without it, which is a finding of its own.
            if not (folder / "values.yaml").exists():
                (folder / "values.yaml").write_text("{}\n", encoding="utf-8")
            # kustomize looks below the version if the entry has a repo, else for the bare name.
            for link in (home / f"{name}-{version}" / name, home / name):
                link.parent.mkdir(exist_ok=True)
                if not link.is_symlink():
                    link.symlink_to(folder)
        return home

    def _in_base(self, base: Path, name: str, version: str) -> Iterator[Path]:
        whole = f"{name}-{version}"
        # A folder name with a version is trusted; a bare name needs a matching Chart.yaml.
        for folder in (base / whole, base / whole / name):
            if version and _is_chart(folder, name):
                yield folder
        archive = base / f"{whole}.tgz"
        if version and _is_there(archive) and _is_chart(self._unpack(archive) / name, name):
            yield self._unpack(archive) / name
        if _is_chart(base / name, name, version):
            yield base / name

    def _unpack(self, archive: Path) -> Path:
        return _once(self._unpacked, archive, self._scratch, unpack_chart, "unpacked")

    def copied(self, folder: Path, for_engine: bool = False) -> Path:
        """A copy of a chart for helm. Raises ChartFault for a chart that must not be passed to helm."""
        if folder.is_relative_to(self._scratch):
            return folder
        if for_engine:
            return _once(self._for_engine, folder, self._scratch, self._copy_for_engine, "for-engine")
        return _once(self._copied, folder, self._scratch, copy_chart, "copied")

    def _copy_for_engine(self, folder: Path, target: Path) -> None:
        copy_chart_for_engine(folder, target, self._root or folder, self.find)


def _once(
    known: dict[Path, Path | ChartFault],
    source: Path,
    scratch: Path,
    make: Callable[[Path, Path], None],
    name: str,
) -> Path:
    """The result of ``make`` for ``source``, made once. Raises ChartFault, the same on each call."""
    if source not in known:
        target = scratch / f"{name}{len(known)}"
        target.mkdir(parents=True)
        try:
            make(source, target)
            known[source] = target
        except ChartFault as fault:
            known[source] = fault
    found = known[source]
    if isinstance(found, ChartFault):
        raise found
    return found


def _is_there(file: Path) -> bool:
    return os.path.isfile(file)  # noqa: PTH113 - a version may be any text


def _is_chart(folder: Path, name: str, version: str = "") -> bool:
    try:
        data = parse(read_inside(folder, "Chart.yaml").decode("utf-8"))
    except (OSError, ValueError, YamlFault):
        return False
    if not isinstance(data, dict) or data.get("name") != name:
        return False
    return not version or str(data.get("version")).removeprefix("v") == version.removeprefix("v")
