"""Fetches charts, compares their digests, and keeps archives and pins in the cache."""

from __future__ import annotations

import hashlib
import tempfile
import urllib.parse
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from meshwright.cache.places import charts_in_cache
from meshwright.charts.chartindex import IndexEntry, read_index
from meshwright.charts.registry import Registry, split_reference
from meshwright.charts.versions import VersionFault, is_version, newest
from meshwright.charts.wanted import WantedChart
from meshwright.errors import MeshwrightError
from meshwright.manifests.chartcopy import unpack_chart
from meshwright.manifests.inside import read_inside
from meshwright.manifests.pulledcharts import (
    LARGEST_ARCHIVE,
    ChartPin,
    PinKey,
    archive_in_cache,
    archive_path,
    keep_pin,
    read_pin,
)
from meshwright.progress import say
from meshwright.web import Web
from meshwright.writing import Tree
from meshwright.yaml import YamlFault, parse

_LARGEST_INDEX = 64 << 20


class PullFault(MeshwrightError):
    """A chart that could not be pulled."""


@dataclass(frozen=True)
class PulledChart:
    """The result for a chart: its pin, or why there is none; ``url`` is empty if it was in the cache."""

    wanted: WantedChart
    pin: ChartPin | None = None
    url: str = ""
    problem: str = ""


@dataclass
class Puller:
    """Pulls charts; ``pins`` are those of the lock file, ``hosts`` may have private addresses.

    ``upgrade`` looks for newer versions in ranges; ``replaced`` accepts other archives of pinned versions.
    """

    hosts: frozenset[str]
    pins: Mapping[PinKey, ChartPin]
    upgrade: bool = False
    replaced: bool = False
    _indexes: dict[str, dict[str, list[IndexEntry]]] = field(default_factory=dict)
    _registries: dict[str, Registry] = field(default_factory=dict)

    @cached_property
    def _web(self) -> Web:
        return Web(hosts=self.hosts)

    def pull(self, charts: Sequence[WantedChart]) -> Iterator[PulledChart]:
        """Pull each chart. A chart that fails is a result too, and the next one follows."""
        names: dict[str, set[str]] = {}
        for chart in charts:
            names.setdefault(chart.source, set()).add(chart.name)
        for chart in charts:
            say(f"pulling {chart}")
            try:
                yield self._pull(chart, names[chart.source])
            except MeshwrightError as fault:
                yield PulledChart(chart, problem=str(fault))

    def _pull(self, chart: WantedChart, names: Collection[str]) -> PulledChart:
        known = self.pins.get(chart.key) or read_pin(chart.key)
        if known is not None and not self.upgrade and archive_in_cache(known.digest):
            keep_pin(known)
            return PulledChart(chart, known)
        content, url, version, told = self._fetched(chart, None if self.upgrade else known, names)
        digest = hashlib.sha256(content).hexdigest()
        if told and digest != told:
            raise PullFault(f"{url} has SHA-256 {digest} instead of {told}; it was not kept")
        pin = ChartPin(*chart.key, _contained_version(content, chart, url), digest)
        is_replaced = known is not None and known.version == pin.version and known.digest != digest
        if known is not None and is_replaced and not self.replaced:
            raise PullFault(
                f"{url} has SHA-256 {digest}, but version {pin.version} was pinned with {known.digest}: the "
                "source replaced it; if you know why, add --accept-replaced"
            )
        if version and pin.version.removeprefix("v") != version.removeprefix("v"):
            raise PullFault(f"{url} contains version {pin.version} of {chart.name} instead of {version}")
        try:
            folder = charts_in_cache()
            folder.mkdir(parents=True, exist_ok=True)
            Tree(folder).write(archive_path(digest), content)
        except OSError as error:
            raise PullFault(f"{error.filename or charts_in_cache()}: {error.strerror or error}") from None
        keep_pin(pin)
        return PulledChart(chart, pin, url)

    def _fetched(
        self, chart: WantedChart, known: ChartPin | None, names: Collection[str]
    ) -> tuple[bytes, str, str, str]:
        """The archive, its URL, the version that it should have, and the digest that the source names.

        The pin ``known`` decides the version, or in a registry the archive itself.
        """
        if chart.source.startswith("oci://"):
            if known is not None and not self.replaced:
                host, path = split_reference(chart.source, chart.name)
                content = self._registry(host).archive(path, known.digest)
                return content, f"oci://{host}/{path}@sha256:{known.digest}", known.version, known.digest
            return self._from_registry(f"{chart.source}/{chart.name}", chart.wanted)
        wanted = chart.wanted if known is None else known.version
        entries = self._index(chart.source, names).get(chart.name, [])
        if not entries:
            raise PullFault(f"{chart.source} has no chart {chart.name}")
        try:
            version = newest((entry.version for entry in entries), wanted)
        except VersionFault as fault:
            raise PullFault(f"{chart.name}: {fault}") from None
        if version is None:
            shown = f"version {wanted}" if wanted else "released version"
            raise PullFault(f"{chart.source} has no {shown} of {chart.name}; it has {_newest_of(entries)}")
        entry = next(entry for entry in entries if entry.version == version)
        if not entry.urls:
            raise PullFault(f"the index of {chart.source} has no URL for {chart.name} {version}")
        try:
            url = urllib.parse.urljoin(f"{chart.source}/", entry.urls[0])
        except ValueError:
            raise PullFault(f"{entry.urls[0]!r} in the index of {chart.source} is not a URL") from None
        if url.startswith("oci://"):
            place, _, tag = url.rpartition(":")
            content, found, _, told = self._from_registry(place, tag)
            return content, found, version, entry.digest or told
        return self._web.get(url, LARGEST_ARCHIVE).body, url, version, entry.digest

    def _from_registry(self, place: str, wanted: str) -> tuple[bytes, str, str, str]:
        source, _, name = place.rpartition("/")
        host, path = split_reference(source, name)
        registry = self._registry(host)
        reference = registry.resolve(path, wanted)
        layer = registry.layer(path, reference)
        separator = "@" if reference.startswith("sha256:") else ":"
        url = f"oci://{host}/{path}{separator}{reference}"
        return registry.archive(path, layer.digest), url, _if_version(layer.version), layer.digest

    def _registry(self, host: str) -> Registry:
        return self._registries.setdefault(host, Registry(host, self._web))

    def _index(self, source: str, names: Collection[str]) -> dict[str, list[IndexEntry]]:
        if source not in self._indexes:
            page = self._web.get(f"{source}/index.yaml", _LARGEST_INDEX)
            try:
                self._indexes[source] = read_index(page.body, names)
            except MeshwrightError as fault:
                raise PullFault(f"{source}/index.yaml: {fault}") from None
        return self._indexes[source]


def _if_version(text: str) -> str:
    """A tag that is a version; others, such as ``latest``, say nothing about it."""
    return text if is_version(text) else ""


def _newest_of(entries: Sequence[IndexEntry]) -> str:
    found = newest((entry.version for entry in entries), ">=0-0")
    return found or entries[0].version or "none"


def _contained_version(content: bytes, chart: WantedChart, url: str) -> str:
    """The version in the archive's Chart.yaml. Raises PullFault unless it is that chart."""
    with tempfile.TemporaryDirectory(prefix="meshwright-") as name:
        scratch = Path(name)
        archive, folder = scratch / "chart.tgz", scratch / "chart"
        archive.write_bytes(content)
        folder.mkdir()
        try:
            unpack_chart(archive, folder)
            data = parse(read_inside(folder, f"{chart.name}/Chart.yaml").decode("utf-8"))
        except MeshwrightError as fault:
            raise PullFault(str(fault).replace(str(archive), url)) from None
        except (OSError, ValueError, YamlFault):
            raise PullFault(f"{url} does not contain the chart {chart.name}") from None
    found = data if isinstance(data, dict) else {}
    if found.get("name") != chart.name or not isinstance(found.get("version"), str):
        raise PullFault(f"{url} does not contain the chart {chart.name}")
    return str(found["version"])
