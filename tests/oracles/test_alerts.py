"""Every alert has series that make it fire, and series that must not. ``make oracles`` asks promtool."""

from __future__ import annotations

import pytest

from monitoring.layer import rules
from monitoring.promql import parse, selectors
from oracles.alerts import cases

ALERTS = {rule["alert"] for rule in rules() if "alert" in rule}
TESTED = [(file, case, test) for file, case in cases() for test in case["alert_rule_test"]]


@pytest.mark.parametrize("alert", sorted(ALERTS))
def test_an_alert_is_seen_to_fire_and_not_to_fire(alert: str) -> None:
    outcomes = {bool(test["exp_alerts"]) for _, _, test in TESTED if test["alertname"] == alert}

    assert outcomes == {True, False}


def test_a_case_names_only_alerts_and_metrics_that_exist() -> None:
    """promtool says nothing of a misspelt name that is not to fire."""
    read = {selector.name for rule in rules() for selector in selectors(rule["expr"])}

    assert {test["alertname"] for _, _, test in TESTED} == ALERTS
    for file, case in cases():
        for series in case["input_series"]:
            assert parse(series["series"]).name in read, f"{file}: {case['name']}"
