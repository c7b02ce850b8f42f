"""Findings that a comment or .meshwright.yaml suppresses, and suppressions without a reason or an effect."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from meshwright.check.verdict.configuration import Configuration, Ignored
from meshwright.errors import Position
from meshwright.finding import Finding, Severity
from meshwright.manifests.files import RepositoryFiles
from meshwright.words import did_you_mean
from meshwright.yaml import YamlFault

_COMMENT = re.compile(r"#\s*meshwright:\s*ignore\b[ \t]*(?P<id>[A-Za-z0-9/-]*)[ \t]*(?P<reason>.*)$")


@dataclass(frozen=True)
class Comment:
    """``# meshwright: ignore RULE REASON``; it covers its own line, and the next when it stands alone."""

    id: str
    reason: str
    position: Position
    stands_alone: bool

    @property
    def lines(self) -> tuple[int, ...]:
        """The lines that it covers."""
        line = self.position.line
        return (line, line + 1) if self.stands_alone else (line,)


def suppress(
    files: RepositoryFiles, configuration: Configuration, findings: Iterable[Finding], known: Collection[str]
) -> list[Finding]:
    """The remaining findings, and findings about the suppressions themselves.

    ``known`` are all ids and names of findings. Each suppression needs a reason and must take something out.
    """
    findings = list(findings)
    comments = {path: _comments(files, path) for path in _with_comments(files)}
    by_line: dict[tuple[str, int], list[Comment]] = {}
    for path, found in comments.items():
        for comment in found:
            for line in comment.lines:
                by_line.setdefault((path, line), []).append(comment)
    ignored: dict[tuple[str, str], list[Ignored]] = {}
    for entry in configuration.ignored:
        ignored.setdefault((entry.id, entry.subject), []).append(entry)
    used: set[Position] = set()
    kept: list[Finding] = []
    for finding in findings:
        at = (finding.position.path, finding.position.line)
        here = [item for item in by_line.get(at, ()) if item.id in finding.names]
        keys = [(name, subject) for name in finding.names for subject in {"", finding.subject}]
        entries = [entry for key in keys for entry in ignored.get(key, ()) if entry.covers(finding)]
        used.update(item.position for item in here)
        used.update(entry.position for entry in entries)
        if not any(item.reason for item in here) and not entries:
            kept.append(finding)
    for item in (comment for found in comments.values() for comment in found):
        kept += _faults(item.id, item.position, known, used=item.position in used, reason=item.reason)
    for entry in configuration.ignored:
        kept += _faults(entry.id, entry.position, known, used=entry.position in used, reason="given")
    return [*kept, *configuration.findings]


def _faults(id: str, at: Position, known: Collection[str], *, used: bool, reason: str) -> list[Finding]:
    if not id:
        text = "a suppression names the rule: # meshwright: ignore RULE REASON"
        return [Finding("suppression/no-rule", at, text)]
    if id not in known:
        text = f"the suppression names '{id}', but no finding has this id or name{did_you_mean(id, known)}"
        return [Finding("suppression/unknown-rule", at, text)]
    if not reason:
        text = f"the suppression of {id} has no effect without a reason"
        return [Finding("suppression/no-reason", at, text, f"write: # meshwright: ignore {id} because ...")]
    if not used:
        text = f"the suppression of {id} suppresses no finding"
        return [Finding("suppression/unused", at, text, "remove it", severity=Severity.WARNING)]
    return []


def _with_comments(files: RepositoryFiles) -> list[str]:
    found = []
    for path in files.yaml_paths():
        try:
            if "meshwright: ignore" in files.text(path) or "meshwright:ignore" in files.text(path):
                found.append(path)
        except YamlFault:
            continue
    return found


def _comments(files: RepositoryFiles, path: str) -> list[Comment]:
    found = []
    for number, line in enumerate(files.text(path).splitlines(), start=1):
        if "meshwright" in line and (match := _COMMENT.search(line)):
            alone = not line[: match.start()].strip()
            at = Position(path, number, match.start() + 1)
            found.append(Comment(match["id"], match["reason"].strip(), at, alone))
    return found
