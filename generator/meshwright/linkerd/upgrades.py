"""Breaking changes between two versions of Linkerd, and changes that reach pods only after a restart.

The facts are in upgrades.yml beside this module, each with its source.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from meshwright.errors import MeshwrightError
from meshwright.linkerd.version import EdgeRelease, read_edge
from meshwright.yaml import parse

FILE = Path(__file__).with_name("upgrades.yml")

# stable-2.14.10, enterprise-2.19.1, and the bare number of the enterprise charts and of chart linkerd2.
_NUMBERED = re.compile(r"(?:stable-|enterprise-|v)?(2\.[0-9]{1,2})(?:\.[0-9]+)?(?:[-+].*)?\Z")
_OLD_CHART = re.compile(r"v?([0-9]+)\.([0-9]+)\.[0-9]+(?:-.*)?\Z")


@dataclass(frozen=True)
class BreakingChange:
    """A change that breaks or moves something; ``since`` is the first edge release with it.

    ``shows`` describes what in a repository indicates that it is affected; ``values`` are value keys, by
    chart, that indicate the same. ``layers`` are those of a generated repository. ``restart`` means that
    meshed pods get the change only when they are restarted. ``source`` is the source of the fact.
    """

    id: str
    since: EdgeRelease
    title: str
    breaks: str
    do: str
    shows: str
    layers: tuple[str, ...]
    restart: bool
    source: str
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class Pods(StrEnum):
    """Which pods a restart concerns."""

    MESHED = "meshed"  # every pod with a proxy; the user restarts them
    CONTROL_PLANE = "control-plane"  # the pods in namespace linkerd; the user restarts them
    OWN = "own"  # the layer's own pods; the change restarts them


@dataclass(frozen=True)
class Restart:
    """Pods that get a change in ``layer`` only after a restart, and the reason."""

    layer: str
    changed: str
    pods: Pods
    why: str

    @property
    def by_itself(self) -> bool:
        """Whether Kubernetes restarts them because of the change; otherwise the user must."""
        return self.pods is Pods.OWN


def read_version(text: str, chart: str = "linkerd-control-plane") -> EdgeRelease | None:
    """The edge release of a version; None for text that is not a version of Linkerd.

    ``text`` is a chart version (2026.8.3), an edge tag, a numbered version (2.14, stable-2.14.10) or the
    version of an older ``chart`` (1.16.11). The patch release of a numbered version is ignored.
    """
    if edge := read_edge(text):
        return edge
    facts = _facts()
    if found := _NUMBERED.match(text):
        return facts.numbered.get(found[1])
    if found := _OLD_CHART.match(text):
        wanted = (int(found[1]), int(found[2]))
        older = [(minor, edge) for minor, edge in facts.charts.get(chart, ()) if minor <= wanted]
        return older[-1][1] if older and older[-1][0][0] == wanted[0] else None
    return None


def breaking_changes(
    old: str | EdgeRelease, new: str | EdgeRelease, chart: str = "linkerd-control-plane"
) -> tuple[BreakingChange, ...]:
    """Every known change after ``old`` up to and including ``new``, oldest first; none for a downgrade.

    Versions are as for ``read_version``. Raises MeshwrightError for text that is not a version.
    """
    first, last = _edge(old, chart), _edge(new, chart)
    return tuple(change for change in all_changes() if first < change.since <= last)


def numbered_between(
    one: str | EdgeRelease, other: str | EdgeRelease, chart: str = "linkerd-control-plane"
) -> int:
    """How many numbered versions (2.18, 2.19, ...) begin between two versions, in either direction.

    Control plane and proxies may be one apart. source: linkerd.io, Upgrading Linkerd, data plane version
    skew. Raises MeshwrightError for text that is not a version.
    """
    low, high = sorted((_edge(one, chart), _edge(other, chart)))
    return sum(low < edge <= high for edge in _facts().numbered.values())


def numbered_of(version: str | EdgeRelease, chart: str = "linkerd-control-plane") -> str:
    """The newest numbered version that a release includes, such as 2.20; empty before 2.10.

    Raises MeshwrightError for text that is not a version.
    """
    edge = _edge(version, chart)
    names = [name for name, first in _facts().numbered.items() if first <= edge]
    return names[-1] if names else ""


def restarts(layer: str, changed: Iterable[str]) -> tuple[Restart, ...]:
    """The restarts after a change in a layer of a generated repository, automatic ones included.

    ``changed`` contains ``version`` for the version of the layer's chart, keys of its values joined by dots
    (``proxy.image.version``), and ``Kind/name`` for objects. Unknown changes need no restart.
    """
    found = []
    for item in dict.fromkeys(changed):
        for entry in _facts().restarts.get(layer, ()):
            if any(_covers(name, item) for name in entry.changed):
                found.append(Restart(layer, item, entry.pods, entry.why))
    return tuple(found)


def restarts_data_plane(layer: str, changed: Iterable[str]) -> bool:
    """Whether a change needs a restart of every meshed pod; ``changed`` is as for ``restarts``."""
    return any(item.pods is Pods.MESHED for item in restarts(layer, changed))


def all_changes() -> tuple[BreakingChange, ...]:
    """Every known change, oldest first."""
    return _facts().changes


def _edge(version: str | EdgeRelease, chart: str) -> EdgeRelease:
    if isinstance(version, EdgeRelease):
        return version
    edge = read_version(version, chart)
    if edge is None:
        raise MeshwrightError(
            f"'{version}' is not a version of Linkerd; use a chart version (2026.8.3), an edge tag "
            "(edge-26.8.3) or a numbered version (2.20)"
        )
    return edge


def _covers(name: str, item: str) -> bool:
    return item == name or item.startswith((f"{name}.", f"{name}/"))


@dataclass(frozen=True)
class _Rule:
    changed: tuple[str, ...]
    pods: Pods
    why: str


@dataclass(frozen=True)
class _Facts:
    numbered: Mapping[str, EdgeRelease]
    charts: Mapping[str, tuple[tuple[tuple[int, int], EdgeRelease], ...]]
    changes: tuple[BreakingChange, ...]
    restarts: Mapping[str, tuple[_Rule, ...]]


@cache
def _facts() -> _Facts:
    data = parse(FILE.read_text(encoding="utf-8"), FILE.name)
    numbered = {name: _tag(tag) for name, tag in data["numbered"].items()}
    charts = {
        chart: tuple((_minor(minor), numbered[name]) for minor, name in minors.items())
        for chart, minors in data["charts"].items()
    }
    changes = sorted((_change(entry) for entry in data["changes"]), key=lambda change: change.since)
    rules = {
        layer: tuple(_Rule(tuple(e["changed"]), Pods(e["pods"]), e["why"]) for e in entries)
        for layer, entries in data["restarts"].items()
    }
    return _Facts(numbered, charts, tuple(changes), rules)


def _change(entry: Mapping[str, Any]) -> BreakingChange:
    values = {chart: tuple(keys) for chart, keys in entry.get("values", {}).items()}
    fields = {**entry, "since": _tag(entry["since"]), "layers": tuple(entry["layers"]), "values": values}
    return BreakingChange(**fields)


def _tag(text: str) -> EdgeRelease:
    edge = read_edge(text)
    if edge is None:
        raise MeshwrightError(f"{FILE.name}: '{text}' is not an edge release")
    return edge


def _minor(text: str) -> tuple[int, int]:
    major, minor = text.split(".")
    return int(major), int(minor)
