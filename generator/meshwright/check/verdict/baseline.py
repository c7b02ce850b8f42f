"""A baseline: the findings a repository had when it began to be checked, so that only new ones count."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

from meshwright.check.report import Report
from meshwright.errors import MeshwrightError, Position
from meshwright.manifests.finding import Finding, Severity, encodable
from meshwright.reading import open_regular
from meshwright.writing import Tree

FILE = ".meshwright-baseline.json"
_FORMAT = 1
# A finding takes some hundred bytes.
_MOST = 256 * 2**20
# Line and column are left out: an edit elsewhere in the file makes no finding new.
_Key = tuple[str, str, str]


def write_baseline(root: Path, report: Report) -> Path:
    """Write down every finding of ``report``; returns the file. Raises OSError when it cannot be written."""
    findings = [finding for finding in report.findings if finding.id != "baseline/gone"]
    counts = Counter(map(key_of, findings))
    names = {finding.id: {"name": finding.name} for finding in findings if finding.name}
    entries = [
        {"id": id, **names.get(id, {}), "file": path, "message": message, "count": count}
        for (id, path, message), count in sorted(counts.items())
    ]
    text = json.dumps({"format": _FORMAT, "findings": entries}, indent=1, ensure_ascii=False)
    Tree(root).write(FILE, f"{encodable(text)}\n".encode())
    return root / FILE


def without_baseline(root: Path, report: Report) -> Report:
    """The report without what the baseline knows; an entry that is gone is a warning.

    Raises MeshwrightError when the file is no baseline.
    """
    if (root / FILE).is_symlink():
        raise MeshwrightError(
            f"{root / FILE}: a symbolic link, which is not followed; put the file itself there"
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
        text = f"{gone.total()} of its findings are there no more"
        fix = "run `meshwright check --write-baseline` to keep them out for good"
        new.append(Finding("baseline/gone", Position(FILE), text, fix, severity=Severity.WARNING))
    return replace(report, findings=tuple(new))


def key_of(finding: Finding) -> _Key:
    """What a finding is known by when lines move."""
    return (finding.id, finding.position.path, finding.message)


def _read(file: Path) -> Counter[_Key] | None:
    try:
        with open_regular(file, _MOST) as content:
            data = json.loads(content.read())
        if data["format"] != _FORMAT:
            raise ValueError
        entries = data["findings"]
        return Counter({(item["id"], item["file"], item["message"]): int(item["count"]) for item in entries})
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        raise MeshwrightError(
            f"{file}: no baseline of this version; write it anew with `meshwright check --write-baseline`"
        ) from None
