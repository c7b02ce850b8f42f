"""Generates the output of all applications, or says what is stale; without work when nothing has changed."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from meshwright.apps.generatecache import Fresh, GenerateCache
from meshwright.apps.writer import Output, locked
from meshwright.errors import ExitCode
from meshwright.manifests.finding import Finding, Severity

if TYPE_CHECKING:
    from meshwright.apps.outputdiff import FileChange
    from meshwright.apps.pipeline import Production


@dataclass(frozen=True)
class Outcome:
    """What came of a run; ``changes`` is what a check holds against the repository, by path.

    ``changed`` counts applications with other output than before, ``removed`` names that are none any more.
    """

    findings: tuple[Finding, ...]
    applications: int
    changed: int = 0
    removed: int = 0
    changes: tuple[FileChange, ...] = ()
    written: bool = True

    @property
    def has_errors(self) -> bool:
        """Whether something stands against the whole run."""
        return any(finding.severity is Severity.ERROR for finding in self.findings)

    @property
    def exit_code(self) -> ExitCode:
        """Findings when there is an error, and when a check has something to tell."""
        return ExitCode.FINDINGS if self.has_errors or self.changes else ExitCode.CLEAN


def generate(root: Path, *, check: bool, force: bool, remember: bool) -> Outcome:
    """Bring the output of every application up to date, or, with ``check``, only compare it.

    With any error nothing at all is written. ``force`` overwrites what was edited by hand; ``remember``
    trusts and renews what is known of the repository. Raises MeshwrightError when it could not run.
    """
    top = Path(os.path.realpath(root))
    with locked(top) as alone:
        memory = GenerateCache(top) if remember else None
        before = memory.signature() if memory else None
        if memory and before and (fresh := memory.recall(before)):
            return Outcome(fresh.warnings, fresh.applications)
        # Reading, planning and rendering are imported only where they are needed.
        from meshwright.apps.pipeline import produce

        output = None if check else Output(top)
        try:
            if output:
                output.clear(alone=alone)
            production = produce(top, output, force=force)
            if output and production.steps and not production.has_errors:
                output.commit(production.steps)
        finally:
            if output:
                output.clean()
        outcome = _outcome(production, written=output is not None)
        # What changed meanwhile was perhaps not seen.
        if memory and before and not outcome.exit_code:
            after = memory.signature()
            if after == before or (after.sources == before.sources and production.steps):
                memory.keep(after, Fresh(outcome.applications, outcome.findings))
        return outcome


def _outcome(production: Production, *, written: bool) -> Outcome:
    return Outcome(
        findings=tuple(sorted(dict.fromkeys(production.findings), key=lambda finding: finding.sort_key)),
        applications=production.applications,
        changed=production.changed,
        removed=production.removed,
        changes=tuple(sorted(production.changes, key=lambda change: change.path)),
        written=written,
    )
