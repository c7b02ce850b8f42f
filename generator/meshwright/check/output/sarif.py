"""A report as SARIF 2.1.0, which code hosts show on the lines of a change."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from meshwright import __version__
from meshwright.check.consequences import consequence_of
from meshwright.check.report import Report
from meshwright.check.rules.registry import rules_by_name
from meshwright.finding import Finding, Severity
from meshwright.inert import json_text

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_HOME = "https://github.com/meshwright/meshwright"


def rule_page(id: str) -> str:
    """The URL of a rule's page."""
    return f"{_HOME}/blob/main/docs/rules/{id}.md"


def render(report: Report) -> str:
    """The report as one SARIF run, ending with a line break.

    Code hosts follow each place on its own, so findings that share a cause are all listed.
    """
    ids = sorted({finding.id for finding in report.findings})
    driver = {
        "name": "meshwright",
        "version": __version__,
        "informationUri": _HOME,
        "rules": [_rule(id) for id in ids],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, ids) for finding in report.findings],
    }
    return json_text({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}) + "\n"


def _rule(id: str) -> dict[str, Any]:
    known = rules_by_name().get(id)
    if known is None:
        return {"id": id, "helpUri": f"{_HOME}/blob/main/docs/check.md#findings"}
    return {
        "id": id,
        "name": known.name,
        "shortDescription": {"text": known.title},
        "fullDescription": {"text": known.why},
        "help": {"text": f"{known.why} Fix: {known.fix}."},
        "helpUri": rule_page(id),
    }


def _result(finding: Finding, ids: list[str]) -> dict[str, Any]:
    at = finding.position
    text = f"{finding.message}. Fix: {finding.fix}" if finding.fix else finding.message
    place: dict[str, Any] = {"artifactLocation": {"uri": quote(_bytes(at.path or "."))}}
    if at.line:
        place["region"] = {"startLine": at.line, "startColumn": at.column}
    return {
        "ruleId": finding.id,
        "ruleIndex": ids.index(finding.id),
        "level": _LEVELS[finding.severity],
        "message": {"text": _without_links(text)},
        "locations": [{"physicalLocation": place}],
        "properties": {"consequence": consequence_of(finding.id).value},
    }


def _without_links(text: str) -> str:
    """Escape Markdown links, which SARIF supports even in plain text."""
    return text.replace("](", "]\\(")


def _bytes(path: str) -> bytes:
    """The path in file system bytes; lone surrogates that are not such bytes become escapes."""
    return b"".join(
        char.encode("utf-8", "surrogateescape" if "\udc80" <= char <= "\udcff" else "backslashreplace")
        for char in path
    )
