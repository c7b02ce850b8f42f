"""The baseline: the findings of a repository at some point, so that only new findings count."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

from meshwright.check.report import Report
from meshwright.errors import MeshwrightError, Position
from meshwright.finding import Finding, Severity, encodable
from meshwright.jsontext import parse_json
from meshwright.reading import open_regular
from meshwright.writing import Tree

FILE = ".meshwright-baseline.json"
_FORMAT = 1
# A finding takes a few hundred bytes.
_MAX_BYTES = 256 * 2**20
# Without line and column, so that an edit elsewhere in the file does not make a finding new.
_Key = tuple[str, str, str]


def write_baseline(root: Path, report: Report) -> Path:
    """Write down every finding of ``report``; returns the file. Raises MeshwrightError."""
    findings = [finding for finding in report.findings if finding.id != "baseline/gone"]
    counts = Counter(map(key_of, findings))
    names = {finding.id: {"name": finding.name} for finding in findings if finding.name}
    entries = [
        {"id": id, **names.get(id, {}), "file": path, "message": message, "count": count}
        for (id, path, message), count in sorted(counts.items())
    ]
    text = json.dumps({"format": _FORMAT, "findings": entries}, indent=1, ensure_ascii=False)
    try:
        Tree(root).write(FILE, f"{encodable(text)}\n".encode())
    except OSError as error:
        raise MeshwrightError(f"{root / FILE}: {error.strerror or error}") from None
    return root / FILE


def without_baseline(root: Path, report: Report) -> Report:
    """The report without the findings of the baseline, with a warning if baseline entries no longer occur.

    Raises MeshwrightError if the file is not a baseline.
    """
    if (root / FILE).is_symlink():
        raise MeshwrightError(
            f"{root / FILE}: a symbolic link, which is not followed; replace it with the file"
        )
    known = _read(root / FILE)
    if known is None:
        return report
    new = []
    for finding in report.findings:
        for name in finding.names:
            key = (name, *key_of(finding)[1:])
            if known[key] > 0:
                known[key] -= 1
                break
        else:
            new.append(finding)
    gone = +known
    if gone:
        text = f"{gone.total()} of its findings no longer occur"
        fix = "run `meshwright check --write-baseline` to remove them from it"
        new.append(Finding("baseline/gone", Position(FILE), text, fix, severity=Severity.WARNING))
    return replace(report, findings=tuple(new))


def key_of(finding: Finding) -> _Key:
    """The identity of a finding, independent of its line."""
    return (finding.id, finding.position.path, finding.message)


def _read(file: Path) -> Counter[_Key] | None:
    try:
        with open_regular(file, _MAX_BYTES) as content:
            data = parse_json(content.read())
        if data["format"] != _FORMAT:
            raise ValueError
        entries = data["findings"]
        return Counter({(item["id"], item["file"], item["message"]): int(item["count"]) for item in entries})
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        raise MeshwrightError(
            f"{file}: not a baseline of this version; rewrite it with `meshwright check --write-baseline`"
        ) from None
