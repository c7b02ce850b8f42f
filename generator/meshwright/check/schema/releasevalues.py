"""Validates the values of releases whose chart has an embedded schema."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from meshwright.check.model.releases import ChartRelease
from meshwright.check.schema.chartvalues import chart_schema, values_check
from meshwright.check.schema.schemacheck import SchemaCheck
from meshwright.faults import contained
from meshwright.finding import Finding


def values_checks(releases: Iterable[ChartRelease]) -> Iterator[Finding | SchemaCheck]:
    """The checks of the merged values of all releases, and the findings from reading them."""
    for release in releases:
        yield from release.findings
        results: list[Finding | SchemaCheck] = []
        with contained(results, f"reading the values of {release.title}", release.position, release.title):
            if release.values.layers and chart_schema(release.chart.name) is not None:
                results += values_check(release.chart, release.values, release.title, release.is_unknown)
        yield from results
