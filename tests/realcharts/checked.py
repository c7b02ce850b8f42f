"""What `meshwright check` reports when it has the charts: its rules see the objects that they contain."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from meshwright.check import check_repository
from realcharts.fault import Fault


def check_faults(repository: Path, charts: Path, minor: str) -> Iterator[Fault]:
    """Every finding of a rule, warnings too. Other judges have the rest.

    Args:
        charts: the folder of unpacked charts.
        minor: the Kubernetes minor version that they are rendered for.
    """
    for finding in check_repository(repository, kubernetes=minor, charts=charts).findings:
        if finding.step == "rules":
            yield Fault(str(finding.position), f"{finding.label}: {finding.message}")
