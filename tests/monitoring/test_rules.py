"""Alerts: what a person gets to read, and that Flux and Prometheus take the file as it is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from monitoring.layer import ANSWERS, render, rules, source
from monitoring.promql import result_labels

ALERTS: dict[str, dict[str, Any]] = {rule["alert"]: rule for rule in rules() if "alert" in rule}


def test_every_fault_that_the_manual_promises_has_an_alert() -> None:
    assert {
        "LinkerdWorkloadPartlyMeshed",
        "LinkerdPodUnmeshed",
        "LinkerdTraefikUnmeshed",
        "LinkerdProxyDown",
        "LinkerdProxyCertificateExpiring",
        "LinkerdProxyCertificateErrors",
        "LinkerdSuccessRateLow",
        "LinkerdControllerDown",
        "LinkerdControlPlaneUnavailable",
        "LinkerdControlPlaneAbsent",
        "LinkerdCertificateRenewalOverdue",
        "LinkerdCertificateExpiring",
        "LinkerdCertificateNotReady",
        "LinkerdIdentityIssuerExpiring",
        "LinkerdIdentityIssuerStale",
        "LinkerdIdentityRefusesCertificates",
        "LinkerdCertificateMetricsAbsent",
    } == set(ALERTS)


def test_names_are_unique() -> None:
    names = [rule.get("alert") or rule["record"] for rule in rules()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", sorted(ALERTS))
def test_an_alert_waits_has_a_severity_and_says_what_to_do(name: str) -> None:
    alert = ALERTS[name]
    assert re.fullmatch(r"[1-9][0-9]*[mh]", alert["for"])
    assert alert["labels"]["severity"] in ("critical", "warning")
    assert alert["annotations"]["summary"]
    assert len(alert["annotations"]["description"]) > 80


@pytest.mark.parametrize("name", sorted(ALERTS))
def test_an_annotation_names_only_labels_that_the_alert_has(name: str) -> None:
    alert = ALERTS[name]
    text = " ".join(alert["annotations"].values())
    have = result_labels(alert["expr"])
    assert have is not None
    assert set(re.findall(r"\$labels\.(\w+)", text)) <= have | set(alert["labels"])
    # Any other action would be a mistake or another language.
    actions = re.findall(r"\{\{ *(.*?) *\}\}", text)
    assert all(
        re.fullmatch(r"\$labels\.\w+|\$value( \| humanize(Percentage|Duration)?)?", a) for a in actions
    )


def test_flux_finds_no_variable_of_its_own_not_even_in_a_comment() -> None:
    for name in ("rules.yaml.jinja", "podmonitors.yaml.jinja"):
        assert "${" not in (source() / name).read_text(encoding="utf-8")


def test_only_k3s_traefik_has_an_alert_of_its_own(tmp_path: Path) -> None:
    texts = {
        name: (render(tmp_path / name, answers) / "rules.yaml").read_text()
        for name, answers in ANSWERS.items()
    }

    assert [name for name, text in texts.items() if "LinkerdTraefikUnmeshed" in text] == ["install"]
