"""Which findings of a report are asked for: by id, by severity, by what changed since a revision."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

from meshwright.check.report import Report
from meshwright.errors import MeshwrightError
from meshwright.manifests.finding import Finding, Severity


@dataclass(frozen=True)
class Selection:
    """``select`` and ``ignore`` are ids or beginnings of ids, such as MW3 or values; ignore wins.

    ``severity`` is the least that is shown; ``changed`` the only files, None for all.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severity: Severity = Severity.WARNING
    changed: frozenset[str] | None = None

    def takes(self, finding: Finding) -> bool:
        """Whether a finding is asked for."""
        if self.severity is Severity.ERROR and finding.severity is not Severity.ERROR:
            return False
        if self.changed is not None and finding.position.path not in self.changed:
            return False
        if self.select and not finding.id.startswith(self.select):
            return False
        return not (self.ignore and finding.id.startswith(self.ignore))

    def apply(self, report: Report) -> Report:
        """The report with the findings that are asked for."""
        return replace(report, findings=tuple(item for item in report.findings if self.takes(item)))


def changed_since(root: Path, revision: str) -> frozenset[str]:
    """Files below ``root`` that differ from ``revision``, new ones included, as paths from ``root``.

    Raises MeshwrightError when that is no revision of a checkout.
    """
    if revision.startswith("-"):
        raise MeshwrightError(f"--changed-since {revision}: not a revision")
    commands = (
        ["diff", "--name-only", "--relative", "-z", "--no-renames", revision, "--"],
        ["ls-files", "--others", "--exclude-standard", "-z"],
    )
    names: set[str] = set()
    for arguments in commands:
        # A checkout's own configuration may name a program as fsmonitor or as external diff: never run it.
        command = ["git", "-c", "core.fsmonitor=false", "-c", "diff.external=", *arguments]
        try:
            done = subprocess.run(command, cwd=root, capture_output=True, check=True)
        except FileNotFoundError:
            raise MeshwrightError("--changed-since needs git, which is not on PATH") from None
        except subprocess.CalledProcessError as error:
            lines = error.stderr.decode("utf-8", "replace").strip().splitlines()
            said = lines[0] if lines else "git failed"
            raise MeshwrightError(f"--changed-since {revision}: {said}") from None
        names |= set(done.stdout.decode("utf-8", "surrogateescape").split("\0"))
    return frozenset(names - {""})
