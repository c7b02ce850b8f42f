"""A report as JUnit XML with one test case per file, for CI systems that show test results."""

from __future__ import annotations

import re
from itertools import groupby
from xml.etree import ElementTree

from meshwright.check.report import Report
from meshwright.finding import Finding, Severity
from meshwright.inert import printable

# Text that a CI system would run as a command if it appears in a log; it only occurs in text nodes.
_COMMAND = re.compile(r"^(\s*):(?=:)|#(?=#[a-z]*\[)", re.MULTILINE)


def render(report: Report) -> str:
    """The report as one test suite, ending with a line break."""
    suite = ElementTree.Element("testsuite", name="meshwright check")
    failures = 0
    for path, findings in groupby(report.findings, key=lambda finding: finding.position.path):
        case = ElementTree.SubElement(suite, "testcase", classname="meshwright", name=printable(path or "."))
        listed = list(findings)
        errors = [finding for finding in listed if finding.severity is Severity.ERROR]
        if errors:
            failures += 1
            failure = ElementTree.SubElement(case, "failure", message=_line(errors[0]))
            failure.text = "\n".join(map(_line, listed))
        else:
            ElementTree.SubElement(case, "system-out").text = "\n".join(map(_line, listed))
    if not len(suite):
        ElementTree.SubElement(suite, "testcase", classname="meshwright", name="check")
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(failures))
    ElementTree.indent(suite)
    text = _COMMAND.sub(_reference, ElementTree.tostring(suite, encoding="unicode"))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _line(finding: Finding) -> str:
    fix = f" (fix: {finding.fix})" if finding.fix else ""
    # What XML 1.0 cannot hold, not even escaped, is not printable either.
    return printable(
        f"{finding.position}: {finding.severity.value}: {finding.message} [{finding.label}]{fix}"
    )


def _reference(found: re.Match[str]) -> str:
    """Replace the first character with a character reference, which means the same in XML."""
    return f"{found[1]}&#58;" if found[1] is not None else "&#35;"
