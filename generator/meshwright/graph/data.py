"""The data of a graph, as defined in schema/graph.schema.json; every picture is made from it alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from meshwright import __version__
from meshwright.check.model.index import Model
from meshwright.check.model.loader import NothingFound
from meshwright.check.output.json_output import as_data as report_data
from meshwright.check.pipeline import check_files, check_repository
from meshwright.check.report import Report
from meshwright.check.verdict.baseline import without_baseline
from meshwright.difference.revision import Checkout, require_no_conflicts
from meshwright.faults import contained
from meshwright.graph.certificatefacts import certificate_facts
from meshwright.graph.changes import with_changes
from meshwright.graph.findingfacts import FindingPlaces, finding_facts, rule_facts
from meshwright.graph.meshfacts import mesh_facts
from meshwright.graph.orderfacts import order_facts
from meshwright.inert import printable

SCHEMA_VERSION = 1
_EMPTY = ("units", "edges", "workloads", "policies", "planned", "public", "rotations")
_READERS: tuple[tuple[str, Callable[[Model], Mapping[str, Any]]], ...] = (
    ("reading the order for a picture", order_facts),
    ("reading the mesh for a picture", mesh_facts),
    ("reading the certificates for a picture", certificate_facts),
)


class Collector:
    """Collects the facts of a model while a check runs; ``finish`` adds the check's own result."""

    def __init__(self) -> None:
        self._facts: dict[str, Any] = {name: [] for name in _EMPTY}
        self._places = FindingPlaces()

    def look(self, model: Model) -> None:
        """Read everything; a part that fails leaves the others."""
        for doing, read in _READERS:
            with contained(model.faults, doing):
                self._facts.update(read(model))
        with contained(model.faults, "reading where findings are"):
            self._places.collect(model)

    def finish(self, report: Report) -> dict[str, Any]:
        """The data of the graph."""
        data: dict[str, Any] = {
            "schema_version": SCHEMA_VERSION,
            "meshwright": __version__,
            "check": report_data(report),
            **self._facts,
            "finding_places": finding_facts(report.causes, self._places),
            "rules": rule_facts(report.findings),
        }
        return data if _is_plain(data) else _printable(data)


def graph_data(path: Path, charts: Path | None = None, *, baseline: bool = True) -> dict[str, Any]:
    """The data of the repository at ``path``. Raises MeshwrightError as a check does."""
    collector = Collector()
    report = check_repository(path, charts=charts, order=True, partial=True, look=collector.look)
    return collector.finish(without_baseline(path, report) if baseline else report)


def data_since(path: Path, revision: str, charts: Path | None = None) -> dict[str, Any]:
    """The data of the repository at ``path``, with what has changed since ``revision``.

    Raises MeshwrightError as a check does, and if the revision does not exist.
    """
    with Checkout.of(path).files(revision, "") as (before, after, changed):
        require_no_conflicts(after, changed)
        try:
            collector = Collector()
            old = collector.finish(check_files(before, charts=charts, order=True, look=collector.look))
        except NothingFound:
            old = _nothing()
        # The baseline accepts findings of both, so only what is new since then differs.
        new = graph_data(path, charts, baseline=False)
    return with_changes(new, old, revision)


def _nothing() -> dict[str, Any]:
    return {**{name: [] for name in _EMPTY}, "check": {"findings": []}, "finding_places": []}


def _is_plain(data: Mapping[str, Any]) -> bool:
    """Whether all of it is printable ASCII, as almost always; looking at each text is slow."""
    text = json.dumps(data, ensure_ascii=False, default=str).replace('\\"', "")
    return text.isascii() and text.isprintable() and "\\" not in text


def _printable(value: Any) -> Any:
    """The same data with every control character and invisible character escaped."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, Mapping):
        return {printable(str(key)): _printable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_printable(item) for item in value]
    return value
