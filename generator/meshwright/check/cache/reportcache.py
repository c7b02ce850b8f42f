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

import meshwright
from meshwright import limits
from meshwright.cache.cachefile import CacheFile
from meshwright.cache.places import charts_in_cache
from meshwright.cache.signature import digest, state_of, states_in
from meshwright.check.report import Report, RootSummary
from meshwright.errors import MeshwrightError, Position
from meshwright.finding import Finding, NotSeen
from meshwright.git.ignores import ignore_sources
from meshwright.manifests.folders import SKIPPED_FOLDERS
from meshwright.resources import data_root
from meshwright.tools import locate

_FORMAT = 1
_PACKAGE = Path(meshwright.__file__).resolve().parent


class ReportCache:
    """The cached report of one check: of ``root`` with these arguments and the current limits."""

    def __init__(self, root: Path, kubernetes: str | None, charts: Path | None) -> None:
        self._root = Path(os.path.realpath(root))
        self._charts = os.path.realpath(charts) if charts else ""
        self._file = CacheFile(
            "reports", str(self._root), kubernetes or "", self._charts, repr(limits.current())
        )
        self._signature = _signature(self._root, self._charts)

    def read(self) -> Report | None:
        """The cached report if nothing that it depends on has changed."""
        return self._file.recall(self._signature, _decode)

    def keep(self, report: Report) -> bool:
        """Keep a new report. False if files changed meanwhile, which the check may have missed."""
        if not report.is_whole or self._signature != _signature(self._root, self._charts):
            return False
        self._file.keep(self._signature, asdict(report))
        return True


def _signature(root: Path, charts: str) -> str:
    entries = list(program_state())
    if os.path.lexists(root / ".git"):
        entries += [f"{file} {state_of(file)}" for file in ignore_sources(root)]
    for folder in (root, charts_in_cache(), *([Path(charts)] if charts else [])):
        entries += _entries(folder)
    return digest(entries)


def program_state() -> Iterator[str]:
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
