"""The embedded schemas of chart values, and the validation of values against them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from meshwright.check.schema.schemacheck import SchemaCheck
from meshwright.finding import Finding, Severity
from meshwright.manifests.values import ChartReference, MergedValues
from meshwright.pins import load_pins
from meshwright.resources import schema_root
from meshwright.schemaproblems import Problem, problems


def chart_schema(name: str) -> Path | None:
    """The embedded schema of a chart's values, or None."""
    file = schema_root() / "charts" / f"{name}.schema.json"
    return file if name and "/" not in name and os.path.isfile(file) else None  # noqa: PTH113 - of any text


@cache
def _load(schema: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(schema.read_text(encoding="utf-8"))
    return content


def pinned_version(name: str) -> str:
    """The chart version that a schema was generated for."""
    charts = load_pins().charts
    family = "linkerd" if name.startswith("linkerd") else name.replace("-", "_")
    return charts.get(family, "")


def values_check(
    chart: ChartReference, values: MergedValues, subject: str, skip: Callable[[Any], bool]
) -> Iterator[SchemaCheck]:
    """The check of values against their chart's schema, if embedded; ``skip`` excludes unknown values."""
    if schema := chart_schema(chart.name):
        yield SchemaCheck(values.data, schema, lambda _: _explain(chart, values, subject, schema, skip))


def _explain(
    chart: ChartReference, values: MergedValues, subject: str, schema: Path, skip: Callable[[Any], bool]
) -> Iterator[Finding]:
    known_for = pinned_version(chart.name)
    same = not chart.version or not known_for or chart.version.lstrip("v") == known_for.lstrip("v")
    for problem in problems(_load(schema), values.data):
        # Helm drops a key that is null before the chart sees it.
        harmless_null = problem.value is None and problem.code in ("type", "value")
        if harmless_null or skip(problem.value):
            continue
        at = values.position(problem.pointer, key=problem.code in ("unknown", "removed"))
        text = _text(problem, f"{chart.name} {known_for}".strip())
        if not same:
            text += f" (the release installs {chart.version}, but the embedded schema is for {known_for})"
        severity = Severity.ERROR if same else Severity.WARNING
        yield Finding(f"values/{problem.code}", at, text, problem.fix, subject, severity)


def _text(problem: Problem, chart: str) -> str:
    if problem.code == "unknown":
        return f"unknown value '{problem.text}': the chart {chart} has no such key{problem.hint}"
    if problem.code == "removed":
        return f"value '{problem.text}': {problem.hint}"
    return f"value {problem.text} (chart {chart})"
