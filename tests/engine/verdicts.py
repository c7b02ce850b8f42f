"""What the checker says about the order of a repository."""

from __future__ import annotations

from pathlib import Path

from meshwright.check import check_repository

ORDER = tuple(f"MW00{number}" for number in range(1, 10))


def order(folder: Path) -> dict[str, set[str]]:
    """The files in which each rule on order finds a fault."""
    found: dict[str, set[str]] = {}
    for finding in check_repository(folder).findings:
        if finding.id in ORDER:
            found.setdefault(finding.id, set()).add(finding.position.path)
    return found
