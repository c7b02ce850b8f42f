"""The outcome of a check, in an order that does not depend on the machine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from meshwright.check.order.line import Line
from meshwright.errors import ExitCode
from meshwright.manifests.finding import Finding, NotSeen, Severity


@dataclass(frozen=True)
class RootSummary:
    """A root as a report lists it."""

    kind: str
    path: str
    name: str
    cluster: str
    built: bool
    objects: int


@dataclass(frozen=True)
class Report:
    """Everything a check found. ``tools`` gives versions by name; ``kubernetes`` is such as 1.36."""

    findings: tuple[Finding, ...]
    not_seen: tuple[NotSeen, ...]
    roots: tuple[RootSummary, ...]
    tools: dict[str, str]
    kubernetes: str
    # Only when it was asked for.
    order: tuple[Line, ...] = ()

    @property
    def errors(self) -> int:
        """Findings that fail the check."""
        return sum(finding.severity is Severity.ERROR for finding in self.findings)

    @property
    def warnings(self) -> int:
        """Findings that do not."""
        return len(self.findings) - self.errors

    @property
    def objects(self) -> int:
        """Objects of all roots; one that two roots apply counts twice."""
        return sum(root.objects for root in self.roots)

    @property
    def exit_code(self) -> ExitCode:
        """Clean unless there is an error."""
        return ExitCode.FINDINGS if self.errors else ExitCode.CLEAN


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Each finding once, by place: a shared base is built by many roots and faulty only once."""
    return tuple(sorted(dict.fromkeys(findings), key=lambda finding: finding.sort_key))
