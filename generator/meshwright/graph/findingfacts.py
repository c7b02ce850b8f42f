"""What a picture shows of findings: the unit of each, its line, and what its rule says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from meshwright.check.causes import Cause
from meshwright.check.model.index import Model
from meshwright.check.order.analysis import order_of
from meshwright.check.output.sarif import rule_page
from meshwright.check.rules.registry import rules_by_name
from meshwright.finding import Finding
from meshwright.findingids import FINDINGS
from meshwright.graph.orderfacts import unit_id
from meshwright.manifests.files import RepositoryFiles
from meshwright.yaml import YamlFault

_AROUND, _WIDTH = 1, 160
# No line is quoted from a file that may hold a password or a key.
_SECRETS = ("kind: Secret", "PRIVATE KEY", "kind: 'Secret'", 'kind: "Secret"')


class FindingPlaces:
    """Which units read a file, collected while a check has the model."""

    def __init__(self) -> None:
        self.files: RepositoryFiles | None = None
        self._by_file: dict[str, list[str]] = {}
        self._by_title: dict[str, list[str]] = {}

    def collect(self, model: Model) -> None:
        """Remember the files and titles of every unit."""
        self.files = model.files
        startup = order_of(model).startup
        for unit in startup.units:
            self._by_title.setdefault(unit.title, []).append(unit_id(unit))
            self._by_file.setdefault(unit.position.path, []).append(unit_id(unit))
        for content in startup.contents:
            roots = {id(item.root): item.root for item in content.items}
            for root in roots.values():
                for path in root.unit.inputs.files if root.unit is not None else ():
                    self._by_file.setdefault(path, []).append(unit_id(content.unit))

    def units_of(self, finding: Finding) -> list[str]:
        """The units that a finding is about: those it names, or else those that read its file."""
        found = self._by_title.get(finding.subject) or self._by_file.get(finding.position.path, [])
        return sorted(set(found))


def finding_facts(causes: Sequence[Cause], places: FindingPlaces) -> list[dict[str, Any]]:
    """One entry per cause, in the order of the report: ``units`` of all its findings, and ``source``."""
    return [
        {
            "units": sorted(
                {unit for finding in (cause.finding, *cause.others) for unit in places.units_of(finding)}
            ),
            "source": _source(cause.finding, places.files),
        }
        for cause in causes
    ]


def rule_facts(findings: Sequence[Finding]) -> dict[str, Mapping[str, str]]:
    """What explains each id: title, why, fix, source and page of a rule, or meaning and fix."""
    rules = rules_by_name()
    found: dict[str, Mapping[str, str]] = {}
    for id in sorted({finding.id for finding in findings}):
        rule = rules.get(id)
        if rule is not None:
            found[id] = {
                "title": rule.title,
                "why": rule.why,
                "fix": rule.fix,
                "source": rule.source,
                "page": rule_page(id),
            }
        elif id in FINDINGS:
            found[id] = {"title": FINDINGS[id].meaning, "fix": FINDINGS[id].fix}
    return found


def _source(finding: Finding, files: RepositoryFiles | None) -> list[list[Any]]:
    """The line of a finding with those around it, as pairs of number and text."""
    at = finding.position
    if files is None or not at.line or finding.id.startswith("MW90"):
        return []

    @cache
    def lines(path: str) -> list[str]:
        try:
            text = files.text(path)
        except (YamlFault, OSError):
            return []
        return [] if any(word in text for word in _SECRETS) else text.splitlines()

    written = lines(at.path)
    if at.line > len(written):
        return []
    numbers = range(max(1, at.line - _AROUND), min(len(written), at.line + _AROUND) + 1)
    return [[number, written[number - 1][:_WIDTH]] for number in numbers]
