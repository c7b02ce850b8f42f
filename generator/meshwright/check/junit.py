"""A report as JUnit XML: one test case a file, so that CI systems show it as they show tests."""

from __future__ import annotations

from itertools import groupby
from xml.etree import ElementTree

from meshwright.check.report import Report
from meshwright.manifests.finding import Finding, Severity, encodable

# What XML 1.0 cannot hold at all, not even escaped.
_UNPRINTABLE = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF])


def render(report: Report) -> str:
    """The report as one test suite, ending with a line break."""
    suite = ElementTree.Element("testsuite", name="meshwright check")
    failures = 0
    for path, findings in groupby(report.findings, key=lambda finding: finding.position.path):
        case = ElementTree.SubElement(suite, "testcase", classname="meshwright", name=_clean(path or "."))
        listed = list(findings)
        errors = [finding for finding in listed if finding.severity is Severity.ERROR]
        if errors:
            failures += 1
            failure = ElementTree.SubElement(case, "failure", message=_clean(_line(errors[0])))
            failure.text = _clean("\n".join(map(_line, listed)))
        else:
            ElementTree.SubElement(case, "system-out").text = _clean("\n".join(map(_line, listed)))
    if not len(suite):
        ElementTree.SubElement(suite, "testcase", classname="meshwright", name="check")
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(failures))
    ElementTree.indent(suite)
    text = ElementTree.tostring(suite, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _line(finding: Finding) -> str:
    fix = f" (fix: {finding.fix})" if finding.fix else ""
    return f"{finding.position}: {finding.severity.value}: {finding.message} [{finding.id}]{fix}"


def _clean(text: str) -> str:
    return encodable(text.translate(_UNPRINTABLE))
