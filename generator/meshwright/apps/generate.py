"""Generates the output of all applications, or reports stale files; does no work if nothing has changed."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from meshwright.apps.generatecache import Fresh, GenerateCache
from meshwright.apps.writer import Output, locked
from meshwright.errors import ExitCode
from meshwright.finding import Finding, Severity

if TYPE_CHECKING:
    from meshwright.apps.outputdiff import FileChange
    from meshwright.apps.pipeline import PipelineResult
    from meshwright.apps.removals import Removal


@dataclass(frozen=True)
class Outcome:
    """The result of a run; ``changes`` are the stale files that a check reports, by path.

    ``applications`` counts each application once for every cluster that it is on; ``changed`` those whose
    output differs, ``removals`` are those that no longer exist.
    """

    findings: tuple[Finding, ...]
    applications: int
    clusters: int = 1
    changed: int = 0
    removals: tuple[Removal, ...] = ()
    changes: tuple[FileChange, ...] = ()
    written: bool = True

    @property
    def has_errors(self) -> bool:
        """Whether an error prevents the whole run."""
        return any(finding.severity is Severity.ERROR for finding in self.findings)

    @property
    def exit_code(self) -> ExitCode:
        """FINDINGS if there is an error or a check found stale files, else CLEAN."""
        return ExitCode.FINDINGS if self.has_errors or self.changes else ExitCode.CLEAN


def generate(root: Path, *, check: bool, force: bool, remember: bool) -> Outcome:
    """Update the output of every application, or, with ``check``, only compare it.

    If there is any error, nothing is written. ``force`` overwrites manual edits and allows every removal;
    ``remember`` uses and updates the cache. Raises MeshwrightError if generate cannot run.
    """
    top = Path(os.path.realpath(root))
    with locked(top) as alone:
        cache = GenerateCache(top) if remember else None
        before = cache.signature() if cache else None
        if cache and before and (fresh := cache.recall(before)):
            return Outcome(fresh.warnings, fresh.applications, fresh.clusters, written=not check)
        # Import the code that reads, plans and renders only if it is needed.
        from meshwright.apps.pipeline import produce

        output = None if check else Output(top)
        try:
            if output:
                output.clear(alone=alone)
            result = produce(top, output, force=force)
            if output and result.steps and not result.has_errors:
                output.commit(result.steps)
        finally:
            if output:
                output.clean()
        outcome = _outcome(result, written=output is not None)
        # Files that changed during the run may not have been read.
        if cache and before and not outcome.exit_code:
            after = cache.signature()
            if after == before or (after.sources == before.sources and result.steps):
                cache.keep(after, Fresh(outcome.applications, outcome.clusters, outcome.findings))
        return outcome


def _outcome(result: PipelineResult, *, written: bool) -> Outcome:
    return Outcome(
        findings=tuple(sorted(dict.fromkeys(result.findings), key=lambda finding: finding.sort_key)),
        applications=result.applications,
        clusters=result.clusters,
        changed=result.changed,
        removals=tuple(result.removals),
        changes=tuple(sorted(result.changes, key=lambda change: change.path)),
        written=written,
    )
