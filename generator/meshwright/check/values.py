"""Step 4: the values that releases give to charts whose values are known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from meshwright.check.charts import chart_schema, values_submission
from meshwright.check.releases import ChartRelease
from meshwright.check.submission import Submission
from meshwright.faults import contained
from meshwright.manifests.finding import Finding


def values_submissions(releases: Iterable[ChartRelease]) -> Iterator[Finding | Submission]:
    """The merged values of every release."""
    for release in releases:
        yield from release.findings
        said: list[Finding | Submission] = []
        with contained(said, f"reading the values of {release.title}", release.position, release.title):
            if release.values.layers and chart_schema(release.chart.name) is not None:
                said += values_submission(release.chart, release.values, release.title, release.is_unknown)
        yield from said
