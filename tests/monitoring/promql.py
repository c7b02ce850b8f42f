"""Which labels a PromQL expression's result can have, and which names in it nobody exports."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import promql_parser as promql
import yaml

Labels = frozenset[str]
SCALAR: Labels | None = None


class UnknownNameError(AssertionError):
    """An expression names a metric or label that nobody exports, or joins what can never match."""


@cache
def known() -> dict[str, Any]:
    """metrics.yml, label lists flattened."""
    data = yaml.safe_load(Path(__file__).with_name("metrics.yml").read_text(encoding="utf-8"))
    for metric in data["metrics"].values():
        metric["labels"] = sorted(_flat(metric["labels"]))
        metric["exporter"] = _flat([metric["exporter"]])
    return dict(data)


def _flat(values: list[Any]) -> list[str]:
    return [item for value in values for item in (_flat(value) if isinstance(value, list) else [value])]


def parse(text: str) -> Any:
    """The syntax tree, dashboard variables replaced by literals first."""
    text = re.sub(r"\$\{?__(rate_interval|interval|range)\}?", "5m", text)
    return promql.parse(re.sub(r"\$\{?\w+\}?", "x", text))


def result_labels(text: str) -> Labels | None:
    """Labels that the result can have, None for a scalar. Raises UnknownNameError; ValueError on syntax."""
    return _labels(parse(text))


def series_labels(metric: str, job: str | None) -> Labels:
    """Labels of a metric's series after the scrape; ``job`` picks between exporters of one name."""
    if metric not in known()["metrics"]:
        raise UnknownNameError(f"nobody exports {metric}")
    entry = known()["metrics"][metric]
    exporters = [known()["exporters"][name] for name in entry["exporter"]]
    if any("job" in exporter for exporter in exporters):
        exporters = [exporter for exporter in exporters if exporter.get("job") == job]
        if not exporters:
            raise UnknownNameError(f"{metric} does not come with job={job!r}; say which job is meant")
    labels: set[str] = set()
    for exporter in exporters:
        target = set(exporter["target"])
        honored = exporter.get("honor_labels", False)
        labels |= target | {f"exported_{x}" if x in target and not honored else x for x in entry["labels"]}
    return frozenset(labels)


def selectors(text: str) -> list[Any]:
    """Every vector selector of an expression."""
    return list(_selectors(parse(text)))


def _selectors(node: Any) -> Any:
    if isinstance(node, promql.VectorSelector):
        yield node
    for name in ("vector_selector", "expr", "lhs", "rhs", "args"):
        child = getattr(node, name, None)
        for part in child if isinstance(child, list) else [child]:
            if part is not None:
                yield from _selectors(part)


def _labels(node: Any) -> Labels | None:
    match node:
        case promql.NumberLiteral() | promql.StringLiteral():
            return SCALAR
        case promql.VectorSelector():
            return _selected(node)
        case promql.MatrixSelector():
            return _selected(node.vector_selector)
        case promql.ParenExpr() | promql.SubqueryExpr() | promql.UnaryExpr():
            return _labels(node.expr)
        case promql.AggregateExpr():
            return _aggregated(node)
        case promql.Call():
            return _called(node)
        case promql.BinaryExpr():
            return _joined(node)
    raise NotImplementedError(type(node).__name__)


def _selected(node: Any) -> Labels:
    equal = {m.name: m.value for m in node.matchers.matchers if m.op == promql.MatchOp.Equal}
    labels = series_labels(node.name, equal.get("job"))
    strange = {m.name for m in node.matchers.matchers} - labels
    if strange:
        raise UnknownNameError(f"{node.name} has no label {sorted(strange)}")
    return labels


def _aggregated(node: Any) -> Labels:
    inner = _labels(node.expr)
    assert inner is not None, f"aggregation over a scalar: {node}"
    if node.modifier is None:
        return frozenset()
    named = frozenset(node.modifier.labels)
    if named - inner:
        raise UnknownNameError(
            f"{node.op} by or without {sorted(named - inner)}, which its operand does not have"
        )
    return named if node.modifier.type == promql.AggModifierType.By else inner - named


def _called(node: Any) -> Labels | None:
    name = node.func.name
    if name == "absent":
        selector = node.args[0]
        _labels(selector)
        return frozenset(m.name for m in selector.matchers.matchers if m.op == promql.MatchOp.Equal)
    if node.func.return_type == promql.ValueType.Scalar:
        return SCALAR
    vectors = [labels for labels in map(_labels, node.args) if labels is not None]
    if name == "histogram_quantile" and "le" not in vectors[0]:
        raise UnknownNameError(f"the aggregation under {name} drops le")
    return frozenset[str]().union(*vectors) - ({"le"} if name == "histogram_quantile" else set())


def _joined(node: Any) -> Labels | None:
    left, right = _labels(node.lhs), _labels(node.rhs)
    # Of a scalar (SCALAR) and a vector the vector's are left.
    if left is None or right is None:
        return right if left is None else left
    operator = str(node.op)
    matching = node.modifier and node.modifier.matching
    if operator == "or":
        return left | right
    if matching is None:
        if left != right:
            raise UnknownNameError(f"{operator} joins {sorted(left)} with {sorted(right)}: they never match")
        return left
    shared = frozenset(matching.labels)
    if matching.type != promql.LabelModifierType.Include:
        shared = left - shared
    if shared - left or shared - right:
        raise UnknownNameError(f"{operator} joins on {sorted(shared)}, which a side does not have")
    return left if operator in ("and", "unless") else shared
