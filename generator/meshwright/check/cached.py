"""A check that returns its last report if nothing has changed, and otherwise repeats only what changed."""

from __future__ import annotations

import os
from pathlib import Path

from meshwright.check.cache.reportcache import ReportCache, program_state
from meshwright.check.report import Report
from meshwright.gcpause import no_collection


def check_remembered(path: Path, *, kubernetes: str | None = None, charts: Path | None = None) -> Report:
    """Like check_repository, but returns the cached report if nothing has changed. Raises MeshwrightError."""
    cached = ReportCache(path, kubernetes, charts)
    if (report := cached.read()) is not None:
        return report
    # A report from the cache needs nothing of what a check imports.
    from meshwright.cache.signature import digest
    from meshwright.check import check_repository
    from meshwright.check.cache.buildcache import BuildCache

    with no_collection():
        memory = BuildCache(Path(os.path.realpath(path)), digest(program_state()))
        report = check_repository(path, kubernetes=kubernetes, charts=charts, memory=memory, partial=True)
        if cached.keep(report):
            memory.save()
    return report
