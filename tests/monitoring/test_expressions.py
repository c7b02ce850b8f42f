"""Every PromQL expression of the layer parses and names what its exporter has."""

from __future__ import annotations

import re

import pytest

from monitoring.layer import dashboards, expressions, panels, rules
from monitoring.promql import UnknownNameError, known, result_labels, selectors

EXPRESSIONS = expressions()


@pytest.mark.parametrize("place", sorted(EXPRESSIONS))
def test_expression_parses_and_every_metric_label_and_join_exists(place: str) -> None:
    result_labels(EXPRESSIONS[place])


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("sum(rate(responses_total[5m]))", "nobody exports responses_total"),
        ('rate(response_total{job="linkerd-proxy", klass="x"}[5m])', "no label"),
        ("rate(response_total[5m])", "job"),
        ('sum by (deploy) (up{job="linkerd-proxy"})', "deploy"),
        (
            'sum by (namespace) (up{job="linkerd-proxy"}) / sum by (pod) (up{job="linkerd-proxy"})',
            "never match",
        ),
        (
            'histogram_quantile(0.5, sum(rate(response_latency_ms_bucket{job="linkerd-proxy"}[5m])))',
            "drops le",
        ),
        ('sum by (namespace) (endpoints_updates{job="linkerd-controller", cluster_name="x"})', "no label"),
        ("kube_pod_info and on (workload) kube_pod_info", "does not have"),
    ],
)
def test_a_name_that_nobody_exports_is_found(expression: str, problem: str) -> None:
    with pytest.raises(UnknownNameError, match=problem):
        result_labels(expression)


def test_a_syntax_error_is_found() -> None:
    with pytest.raises(ValueError, match="expected"):
        result_labels("sum(rate(up))")


def test_a_controllers_own_namespace_label_is_called_exported_namespace() -> None:
    metric = 'proxy_inject_admission_requests_total{job="linkerd-controller"}'
    labels = result_labels(metric)
    assert labels is not None
    assert {"namespace", "exported_namespace"} <= labels


def test_every_known_metric_has_a_source_and_is_used() -> None:
    used = {selector.name for expression in EXPRESSIONS.values() for selector in selectors(expression)}
    assert used == set(known()["metrics"])
    assert all(metric["source"] for metric in known()["metrics"].values())


def test_recorded_series_have_the_labels_that_are_known_of_them() -> None:
    for rule in rules():
        if "record" in rule:
            metric = known()["metrics"][rule["record"]]
            assert metric["exporter"] == ["rules"]
            assert result_labels(rule["expr"]) == frozenset(metric["labels"]), rule["record"]


def test_every_legend_and_link_names_labels_of_its_result() -> None:
    for name, dashboard in dashboards().items():
        for panel in panels(dashboard):
            for target in panel["targets"]:
                wanted = set(re.findall(r"\{\{(\w+)\}\}", target.get("legendFormat", "")))
                wanted |= set(re.findall(r"__data\.fields\.(\w+)", str(panel["fieldConfig"])))
                have = result_labels(target["expr"])
                assert wanted <= (have or set()), f"{name}: {panel['title']} {target['refId']}"


def test_every_graph_with_several_series_names_them() -> None:
    for name, dashboard in dashboards().items():
        for panel in panels(dashboard):
            if panel["type"] == "timeseries":
                assert all(target.get("legendFormat") for target in panel["targets"]), (
                    f"{name}: {panel['title']}"
                )
