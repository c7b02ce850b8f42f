"""Finds merge conflicts in files that no other step of the check reads, such as dashboards and pages."""

from __future__ import annotations

from collections.abc import Container, Iterator

from meshwright.errors import Position
from meshwright.finding import Finding
from meshwright.manifests.files import RepositoryFiles
from meshwright.yaml import conflict_in

# Larger files are data.
_MOST_BYTES = 1024 * 1024


def conflict_findings(files: RepositoryFiles, told: Container[str] = ()) -> Iterator[Finding]:
    """A finding for the first conflict of each file whose path is not in ``told``."""
    for path in files.paths:
        if path in told:
            continue
        raw = files.peek(path, _MOST_BYTES)
        if b"<<<<<<<" in raw and (found := conflict_in(raw.decode("utf-8", "replace"))):
            yield Finding("build/conflict", Position(path, found.line, 1), found.problem, found.fix)
