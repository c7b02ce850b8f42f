"""The last report of a repository, given again while nothing that it stands on has changed.

What it stands on: every file of the repository, the charts at hand, this package with its schemas, and
the tools. Each is known by size, modification and change time and inode, so that even an edit that
restores the modification time is seen.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from meshwright import limits
from meshwright.check.report import Report, RootSummary
from meshwright.errors import MeshwrightError, Position
from meshwright.gcpause import no_collection
from meshwright.git.ignores import ignore_sources
from meshwright.manifests.chartstore import charts_in_cache
from meshwright.manifests.files import SKIPPED_FOLDERS
from meshwright.manifests.finding import Finding, NotSeen, Severity
from meshwright.resources import data_root
from meshwright.tools import locate
from meshwright.tools.cache import cache_root
from meshwright.writing import keep

_FORMAT = 1
_PACKAGE = Path(__file__).resolve().parents[1]


def check_remembered(path: Path, *, kubernetes: str | None = None, charts: Path | None = None) -> Report:
    """As check_repository, but without work when the same check was done before. Raises MeshwrightError."""
    root = Path(os.path.realpath(path))
    given = [str(root), kubernetes or "", os.path.realpath(charts) if charts else "", repr(limits.current())]
    file = cache_root() / "reports" / f"{_digest(given)}.json"
    signature = _signature(root, charts)
    remembered = _read(file, signature)
    if remembered is not None:
        return remembered
    from meshwright.check import check_repository
    from meshwright.check.cache.buildcache import BuildCache

    with no_collection():
        memory = BuildCache(root, _digest(list(_program())))
        report = check_repository(path, kubernetes=kubernetes, charts=charts, memory=memory, partial=True)
        # What changed during the check was perhaps not seen by it.
        if report.is_whole and signature == _signature(root, charts):
            _write(file, signature, report)
            memory.save()
    return report


def _signature(root: Path, charts: Path | None) -> str:
    entries = list(_program())
    if os.path.lexists(root / ".git"):
        entries += [f"{file} {_state(file)}" for file in ignore_sources(root)]
    for folder in (root, charts_in_cache(), *([Path(os.path.realpath(charts))] if charts else [])):
        entries += _entries(folder)
    return _digest(entries)


def _program() -> Iterator[str]:
    """This package, its data and the tools."""
    yield f"{_FORMAT}"
    for folder in (_PACKAGE, data_root() / "schema", data_root() / "template" / "includes"):
        yield from _entries(folder)
    for tool in ("kustomize", "kubeconform", "helm"):
        try:
            yield f"{tool} {_state(locate(tool).path)}"
        except MeshwrightError:
            yield f"{tool} missing"


def _entries(folder: Path) -> Iterator[str]:
    """Each file and link below a folder with its state; of .git only what decides which files count."""
    pending = [str(folder)]
    while pending:
        current = pending.pop()
        try:
            listing = sorted(os.scandir(current), key=lambda entry: entry.name)
        except OSError:
            yield f"{current} unreadable"
            continue
        for entry in listing:
            if entry.name == ".git":
                for name in ("index", "info/exclude"):
                    yield f"{entry.path}/{name} {_state(Path(entry.path, name))}"
            elif entry.is_symlink():
                # What a link leads to may lie anywhere: its target's state counts, not only its text.
                link = Path(entry.path)
                yield f"{link} -> {link.readlink()} {_state(link)}"
            elif entry.is_dir():
                if entry.name not in SKIPPED_FOLDERS:
                    pending.append(entry.path)
            else:
                yield f"{entry.path} {_state(Path(entry.path))}"


def _state(path: Path) -> str:
    try:
        found = path.stat()
    # A path that a configuration names may hold a null character.
    except (OSError, ValueError):
        return "absent"
    return f"{found.st_size} {found.st_mtime_ns} {found.st_ctime_ns} {found.st_ino}"


def _digest(parts: list[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()


def _read(file: Path, signature: str) -> Report | None:
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        return _decode(data["report"]) if data["signature"] == signature else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(file: Path, signature: str, report: Report) -> None:
    """Best effort: a cache that cannot be written costs time, not the report."""
    text = json.dumps({"signature": signature, "report": asdict(report)})
    keep(file.parent, file.name, text)


def _decode(data: dict[str, Any]) -> Report:
    return Report(
        findings=tuple(
            Finding(**{**item, **_place(item), "severity": Severity(item["severity"])})
            for item in data["findings"]
        ),
        not_seen=tuple(NotSeen(**{**item, **_place(item)}) for item in data["not_seen"]),
        roots=tuple(RootSummary(**item) for item in data["roots"]),
        tools=data["tools"],
        kubernetes=data["kubernetes"],
    )


def _place(item: dict[str, Any]) -> dict[str, Position]:
    return {"position": Position(**item["position"])}
