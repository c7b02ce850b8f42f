"""The checker: one function over a repository, and the report that it gives."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from meshwright.gcpause import no_collection

if TYPE_CHECKING:
    from meshwright.check.cache.buildcache import BuildCache
    from meshwright.check.report import Report

__all__ = ["check_repository"]


def check_repository(
    path: Path,
    *,
    kubernetes: str | None = None,
    charts: Path | None = None,
    order: bool = False,
    memory: BuildCache | None = None,
    partial: bool = False,
) -> Report:
    """Check the repository at ``path``; no network, no cluster, and nothing is written into it.

    ``kubernetes`` is a minor such as 1.35, ``charts`` a folder with charts to render; with ``order`` the
    report has the timeline. ``memory`` knows builds and verdicts of earlier checks, and learns those of this
    one. With ``partial`` a report of what was found is given when the time is over. Raises MeshwrightError
    when there is nothing to check, a tool is missing, or no schemas of that minor are embedded.
    """
    # A report that is remembered needs none of what a check imports.
    from meshwright.check.pipeline import check_repository as run

    with no_collection():
        return run(path, kubernetes=kubernetes, charts=charts, order=order, memory=memory, partial=partial)
