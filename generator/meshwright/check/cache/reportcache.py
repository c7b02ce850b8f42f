"""Caches the last report of a repository, and returns it while nothing that it depends on has changed.

It depends on every file of the repository, the charts in the cache and in the given folder, this package
with its schemas, and the tools.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from meshwright import limits
from meshwright.cache.cachefile import CacheFile
from meshwright.cache.places import charts_in_cache
from meshwright.cache.signature import digest, state_of, states_in
from meshwright.check.report import Report, RootSummary
from meshwright.errors import MeshwrightError, Position
from meshwright.gcpause import no_collection
from meshwright.git.ignores import ignore_sources
from meshwright.manifests.finding import Finding, NotSeen
from meshwright.manifests.folders import SKIPPED_FOLDERS
from meshwright.resources import data_root
from meshwright.tools import locate

_FORMAT = 1
_PACKAGE = Path(__file__).resolve().parents[1]


def check_remembered(path: Path, *, kubernetes: str | None = None, charts: Path | None = None) -> Report:
    """Like check_repository, but returns the cached report if nothing has changed. Raises MeshwrightError."""
    root = Path(os.path.realpath(path))
    given = os.path.realpath(charts) if charts else ""
    file = CacheFile("reports", str(root), kubernetes or "", given, repr(limits.current()))
    signature = _signature(root, given)
    remembered = file.recall(signature, _decode)
    if remembered is not None:
        return remembered
    from meshwright.check import check_repository
    from meshwright.check.cache.buildcache import BuildCache

    with no_collection():
        memory = BuildCache(root, digest(_program()))
        report = check_repository(path, kubernetes=kubernetes, charts=charts, memory=memory, partial=True)
        # The check may have missed files that changed while it ran.
        if report.is_whole and signature == _signature(root, given):
            file.keep(signature, asdict(report))
            memory.save()
    return report


def _signature(root: Path, charts: str) -> str:
    entries = list(_program())
    if os.path.lexists(root / ".git"):
        entries += [f"{file} {state_of(file)}" for file in ignore_sources(root)]
    for folder in (root, charts_in_cache(), *([Path(charts)] if charts else [])):
        entries += _entries(folder)
    return digest(entries)


def _program() -> Iterator[str]:
    """The state of this package, its data and the tools."""
    yield f"{_FORMAT}"
    for folder in (_PACKAGE, data_root() / "schema", data_root() / "template" / "includes"):
        yield from _entries(folder)
    for tool in ("kustomize", "kubeconform", "helm"):
        try:
            yield f"{tool} {state_of(locate(tool).path)}"
        except MeshwrightError:
            yield f"{tool} missing"


def _entries(folder: Path) -> Iterator[str]:
    # In .git only the files that determine which files are ignored.
    states = states_in(folder, SKIPPED_FOLDERS, git_files=("index", "info/exclude"))
    return (f"{folder}/{path} {state}" for path, state in states)


def _decode(data: dict[str, Any]) -> Report:
    return Report(
        findings=tuple(Finding.of(item) for item in data["findings"]),
        not_seen=tuple(
            NotSeen(**{**item, "position": Position(**item["position"])}) for item in data["not_seen"]
        ),
        roots=tuple(RootSummary(**item) for item in data["roots"]),
        tools=data["tools"],
        kubernetes=data["kubernetes"],
    )
