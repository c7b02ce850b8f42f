"""What is known of a release's workloads: rendered, read from its values, or nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from meshwright.apps.inspection import apptemplate
from meshwright.apps.inspection.chartapps import ChartPlaces, render_release
from meshwright.apps.inspection.knowncharts import KNOWN_CHARTS, predict_known
from meshwright.apps.inspection.releasevalues import values_of
from meshwright.apps.model import Base
from meshwright.apps.podowners import pod_owner
from meshwright.apps.releases import InstalledChart
from meshwright.errors import MeshwrightError
from meshwright.manifests.chartstore import PULL
from meshwright.manifests.unit import BuiltObject
from meshwright.manifests.values import ChartReference
from meshwright.yaml.pointer import Pointer, dotted

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?\Z")
_MAX_DEPTH = 20


class Known(StrEnum):
    """How the workloads of a release are known."""

    RENDERED = "rendered"
    PREDICTED = "predicted"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class ChartView:
    """The objects of a release, how they are known, and what could not be seen."""

    release: InstalledChart
    known: Known
    objects: tuple[BuiltObject, ...] = ()
    notes: tuple[str, ...] = ()
    # Whether the chart creates more pods than these objects do.
    is_partial: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether every workload of the release is known."""
        return self.known is not Known.UNKNOWN and not self.is_partial

    @property
    def workloads(self) -> list[BuiltObject]:
        """The objects that create pods."""
        return [item for item in self.objects if pod_owner(item)]


def view(release: InstalledChart, base: Base, root: Path, charts: Path | None, home: str) -> ChartView:
    """Look at a release of ``base``; ``home`` is its namespace if it names none. Never fails."""
    values = values_of(release, base, root)
    notes = [f"not seen: {what} of {release.title}" for what in values.not_seen]
    namespace, chart = release.namespace or home, release.chart
    shown = f"chart {chart.name} {chart.version}".strip() if chart else f"the chart of {release.title}"
    if chart and _LABEL.match(release.helm_name) and _LABEL.match(namespace):
        try:
            found = render_release(chart, release, namespace, ChartPlaces(charts, root), values.data)
        except MeshwrightError as error:
            found = None
            notes.append(f"not seen: {shown}: {error}")
        if found is not None:
            return ChartView(release, Known.RENDERED, tuple(found), tuple(notes))
    if chart:
        predicted = _predicted(chart, values.data, release, namespace)
        if any(pod_owner(item) for item in predicted):
            known = KNOWN_CHARTS.get(chart.name)
            more = known.more if known is not None else ""
            if more:
                notes.append(f"not seen: {more}, of {release.title}")
            notes.append(
                f"{release.title}: its workloads are read from its values, because {shown} is not available; "
                f"{PULL} to see what it renders"
            )
            return ChartView(release, Known.PREDICTED, tuple(predicted), tuple(notes), bool(more))
    notes.append(f"not seen: the workloads of {release.title}, because {shown} is not available; {PULL}")
    for pointer, text in _telling(values.data, ()):
        notes.append(f"{release.title}: values.{dotted(pointer)} {text}")
    return ChartView(release, Known.UNKNOWN, (), tuple(notes))


def _predicted(
    chart: ChartReference, values: Mapping[str, Any], release: InstalledChart, namespace: str
) -> list[BuiltObject]:
    name, at = release.helm_name, release.position
    if chart.name == apptemplate.CHART:
        return apptemplate.predict(values, name, namespace, at, chart.version)
    return predict_known(chart.name, values, name, namespace, at)


def _telling(data: Any, at: Pointer) -> Iterator[tuple[Pointer, str]]:
    """Values whose name means the same in nearly every chart."""
    if not isinstance(data, Mapping) or len(at) > _MAX_DEPTH:
        return
    for key, value in data.items():
        here = (*at, str(key))
        if key == "hostNetwork" and value is True:
            yield here, "puts its pods on the host network, where the injector ignores them"
        elif key == "hostPort" and isinstance(value, int) and value:
            yield here, "opens a port of the node, which does not go through the proxy's Service"
        else:
            yield from _telling(value, here)
