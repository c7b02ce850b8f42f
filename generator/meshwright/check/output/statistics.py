"""A report as a table: how often each rule found something, most serious consequences first."""

from __future__ import annotations

from collections import Counter

from meshwright.check.consequences import consequence_of
from meshwright.check.output.summary import counts, judged, nothing_found, unseen_roots
from meshwright.check.report import Report
from meshwright.finding import Severity

_SEVERITIES = {severity: number for number, severity in enumerate(Severity)}


def render(report: Report) -> str:
    """One line per rule and severity with its findings and its causes, then the counts."""
    findings = Counter((finding.severity, finding.label, finding.id) for finding in report.findings)
    causes = Counter(
        (cause.finding.severity, cause.finding.label, cause.finding.id) for cause in report.causes
    )
    lines = [judged(report)]
    if findings:
        lines.append("findings  causes  severity  rule")
    order = sorted(findings, key=lambda key: (consequence_of(key[2]).rank, _SEVERITIES[key[0]], key[1]))
    for key in order:
        lines.append(f"{findings[key]:8}  {causes[key]:6}  {key[0].value:8}  {key[1]}")
    lines += [*unseen_roots(report), *nothing_found(report), counts(report)]
    return "".join(f"{line}\n" for line in lines)
