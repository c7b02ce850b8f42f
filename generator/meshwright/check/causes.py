"""Findings that share their cause: one of them is reported, and the others are counted and listed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from meshwright.check.consequences import Consequence, consequence_of
from meshwright.finding import Finding, Severity

_PLACE = re.compile(r"\S+:[0-9]+:[0-9]+")
_SEVERITIES = {severity: number for number, severity in enumerate(Severity)}


@dataclass(frozen=True)
class Cause:
    """``finding`` is the first of those that share a cause, by place; ``others`` are the rest."""

    finding: Finding
    others: tuple[Finding, ...] = ()

    @property
    def consequence(self) -> Consequence:
        """What follows from it."""
        return consequence_of(self.finding.id)

    @property
    def rank(self) -> tuple[int, int]:
        """Sorts by consequence, then by severity."""
        return self.consequence.rank, _SEVERITIES[self.finding.severity]


def causes_of(findings: Iterable[Finding], *, each: bool = False) -> tuple[Cause, ...]:
    """The causes of findings, which are in order of place, ranked; with ``each`` every finding is its own.

    Findings with one id and severity share a cause if they say the same of different objects or files, or
    if one place of the source is where different objects have the fault from.
    """
    groups: list[list[Finding]] = []
    said: dict[tuple[object, ...], list[Finding]] = {}
    placed: dict[tuple[object, ...], list[Finding]] = {}
    for finding in findings:
        kind = (finding.id, finding.severity)
        saying = (*kind, _anonymous(finding, finding.message), _anonymous(finding, finding.fix))
        place = (*kind, finding.position)
        group = None if each else said.get(saying)
        if group is None and not each and finding.position.line and finding.subject:
            group = placed.get(place)
            if group is not None and finding.subject in {other.subject for other in group}:
                group = None
        if group is None:
            group = []
            groups.append(group)
        group.append(finding)
        said.setdefault(saying, group)
        placed.setdefault(place, group)
    causes = [Cause(first, tuple(others)) for first, *others in groups]
    return tuple(sorted(causes, key=lambda cause: cause.rank))


def _anonymous(finding: Finding, text: str) -> str:
    """``text`` without what tells the finding's own object, file and other places from others."""
    own = [finding.subject, finding.subject.partition(" ")[2], finding.position.path]
    if folder := finding.position.path.rpartition("/")[0]:
        own.append(f"'{folder}'")
    for name in own:
        if name:
            text = text.replace(name, "\0")
    return _PLACE.sub("\0", text)
