"""All judges on one generated repository."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from meshwright.check.schema.schemas import Schemas
from meshwright.yaml.pointer import Pointer
from realcharts.admission import Ask, inject, injection_faults, security_faults
from realcharts.charts import Charts
from realcharts.checked import check_faults
from realcharts.fault import Fault
from realcharts.helm import Helm
from realcharts.ignoredvalues import IgnoredValues
from realcharts.installation import Installation, place_of, read
from realcharts.pods import namespaces, pods
from realcharts.reachability import monitor_faults, service_faults
from realcharts.reserved import request_faults
from realcharts.schemas import schema_faults


@dataclass(frozen=True)
class Verdict:
    """The faults of one repository, what was not judged, and what it consists of."""

    faults: tuple[Fault, ...]
    unseen: tuple[str, ...]
    images: frozenset[str]
    charts: int
    objects: int
    pods: int
    meshed: int


@dataclass
class Judge:
    """``charts`` provides the charts; ``injector`` and ``security`` are the upstream programs."""

    charts: Charts
    helm: Helm
    injector: Ask
    security: Ask
    packaged: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._ignored = IgnoredValues(self.helm)

    def judge(self, repository: Path) -> Verdict:
        """Everything that is wrong with the generated repository in this folder."""
        found = read(repository, self.charts, self.helm, self.packaged)
        known = namespaces(found)
        admitted = inject(found, pods(found), known, self.injector)
        with tempfile.TemporaryDirectory() as scratch:
            faults = [
                *found.faults,
                *schema_faults(found, Schemas(self.helm.minor), Path(scratch)),
                *security_faults(admitted, known, self.security),
                *injection_faults(admitted, known),
                *service_faults(found, admitted, known),
                *monitor_faults(found, admitted, known),
                *request_faults(admitted),
                *check_faults(repository, self.charts.folder, self.helm.minor),
                *self._value_faults(found),
            ]
        containers = [
            container
            for one in admitted
            for kind in ("initContainers", "containers")
            for container in one.spec.get(kind) or []
        ]
        return Verdict(
            tuple(dict.fromkeys(faults)),
            tuple(found.unseen),
            frozenset(container["image"] for container in containers if "image" in container),
            len(found.releases),
            sum(1 for _ in found.objects()),
            len(admitted),
            sum(one.injected for one in admitted),
        )

    def _value_faults(self, found: Installation) -> Iterator[Fault]:
        for release in found.releases:
            chart = self.charts.find(release.chart)
            if chart is None:
                continue
            for pointer in self._ignored.of(chart, release.name, release.namespace, release.values.data):
                problem = f"{release.title}: {release.chart.name} {release.chart.version} does not read"
                yield Fault(place_of(release), f"{problem} value {_dotted(pointer)}")


def _dotted(pointer: Pointer) -> str:
    return ".".join(str(step) for step in pointer)
