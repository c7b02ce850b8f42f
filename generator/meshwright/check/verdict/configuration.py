""".meshwright.yaml: findings that a repository ignores, each with a reason."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from meshwright.errors import Position
from meshwright.finding import Finding
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.manifestfile import yaml_finding
from meshwright.patterns.regexp import Pattern, PatternFault, compile_pattern
from meshwright.resources import schema_root
from meshwright.schemaproblems import problems
from meshwright.yaml import Document, YamlFault

FILE = ".meshwright.yaml"
_MISNAMED = (".meshwright.yml", "meshwright.yaml", "meshwright.yml")


@dataclass(frozen=True)
class Ignored:
    """One entry of ``ignore``: a finding's id or name, and perhaps a pattern for its file and its subject."""

    id: str
    path: str
    subject: str
    position: Position

    @cached_property
    def _pattern(self) -> Pattern:
        return _glob(self.path)

    def covers(self, finding: Finding) -> bool:
        """Whether it is about ``finding``."""
        if self.id not in finding.names or (self.subject and finding.subject != self.subject):
            return False
        return not self.path or self._pattern.fits(finding.position.path)


@dataclass
class Configuration:
    """The content of .meshwright.yaml; ``findings`` are faults in the file itself."""

    ignored: list[Ignored] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def read_configuration(files: RepositoryFiles) -> Configuration:
    """The configuration of a repository; empty if it has none."""
    found = Configuration()
    if not files.is_file(FILE):
        if other := next((path for path in _MISNAMED if files.is_file(path)), None):
            text = f"only {FILE} is read, so this file has no effect"
            found.findings.append(
                Finding("layout/settings-name", Position(other), text, f"rename it: git mv {other} {FILE}")
            )
        return found
    try:
        documents = files.documents(FILE)
    except YamlFault as fault:
        found.findings.append(yaml_finding(fault, "schema/yaml"))
        return found
    if not documents:
        return found
    document = documents[0]
    found.findings.extend(_faults(document))
    if not found.findings:
        for number, entry in enumerate(document.data.get("ignore") or []):
            at = document.position(("ignore", number, "rule"))
            ignored = Ignored(entry["rule"], entry.get("path", ""), entry.get("subject", ""), at)
            try:
                _glob(entry.get("path", ""))
            except PatternFault as fault:
                where = document.position(("ignore", number, "path"))
                text = f"setting 'ignore[{number}].path' is not a valid pattern: {fault}"
                found.findings.append(Finding("schema/value", where, text))
                continue
            found.ignored.append(ignored)
    return found


def _faults(document: Document) -> Iterator[Finding]:
    schema: dict[str, Any] = json.loads((schema_root() / "config.schema.json").read_text(encoding="utf-8"))
    for problem in problems(schema, document.data):
        unknown = problem.code == "unknown"
        text = f"unknown setting '{problem.text}'{problem.hint}" if unknown else f"setting {problem.text}"
        yield Finding(
            f"schema/{problem.code}", document.position(problem.pointer, key=unknown), text, problem.fix
        )


def _glob(pattern: str) -> Pattern:
    """``**`` matches any folders, ``*`` and ``?`` within one name. Raises PatternFault if it is too long."""
    text = "(?s)"
    for part in re.split(r"(\*\*/|\*\*|\*|\?)", pattern):
        text += {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}.get(part, re.escape(part))
    return compile_pattern(text)
