"""Joins the findings of several clusters, so that a fault on all of them is reported once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from meshwright.finding import Finding


def joined(by_cluster: Mapping[str, Sequence[Finding]], clusters: Sequence[str]) -> list[Finding]:
    """Every finding once; one that not all ``clusters`` have names those that have it."""
    found: dict[Finding, list[str]] = {}
    for cluster in clusters:
        for finding in dict.fromkeys(by_cluster.get(cluster, ())):
            found.setdefault(finding, []).append(cluster)
    return [
        finding if len(names) == len(clusters) else _on(finding, names) for finding, names in found.items()
    ]


def _on(finding: Finding, clusters: Sequence[str]) -> Finding:
    return replace(finding, message=f"{finding.message} (on {', '.join(clusters)})")
