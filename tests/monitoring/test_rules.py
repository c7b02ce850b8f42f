"""Alerts: what a person gets to read, and that Flux and Prometheus take the file as it is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from meshwright.scaffold import render as scaffold
from meshwright.yaml import parse
from monitoring.layer import ANSWERS, render, rules, source
from monitoring.promql import result_labels, selectors

ALERTS: dict[str, dict[str, Any]] = {rule["alert"]: rule for rule in rules() if "alert" in rule}


def test_every_fault_that_the_manual_promises_has_an_alert() -> None:
    assert {
        "LinkerdWorkloadPartlyMeshed",
        "LinkerdNamespaceUnmeshed",
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
        "LinkerdGatewayUnreachable",
        "LinkerdLinkAbsent",
        "LinkerdLinkedClusterUnknown",
        "LinkerdServiceMirrorBusy",
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


def test_alerts_of_links_exist_for_the_links_there_are(tmp_path: Path) -> None:
    texts = {
        name: (render(tmp_path / name, answers) / "rules.yaml").read_text()
        for name, answers in ANSWERS.items()
    }

    assert {name: text.count("LinkerdLinkAbsent") for name, text in texts.items()} == {
        "install": 1,
        "existing": 0,
        "hostile": 1,
    }
    assert [name for name, text in texts.items() if "cluster_store_size" in text] == ["install", "hostile"]
    assert 'component="destination"}) < 3' in texts["install"]


def test_the_limit_of_the_issuer_follows_its_lifetime() -> None:
    """An issuer of two days must not fire from its first minute, as with a fixed limit of a week."""
    expr = ALERTS["LinkerdIdentityIssuerExpiring"]["expr"]
    names = [selector.name for selector in selectors(expr)]

    assert names == [
        "issuer_cert_ttl_seconds",
        "certmanager_certificate_expiration_timestamp_seconds",
        "certmanager_certificate_renewal_timestamp_seconds",
    ]
    # Both sides have no labels, so that they match; the fixed limit is for a missing one.
    assert result_labels(expr) == frozenset()
    assert re.search(r"or vector\(7 \* 86400\)\s*\)\s*\Z", expr)


def test_the_limit_of_a_proxy_follows_the_lifetime_of_its_certificate() -> None:
    """A certificate of twelve hours must not fire before its renewal, as with a fixed limit of four."""
    expr = ALERTS["LinkerdProxyCertificateExpiring"]["expr"]
    found = selectors(expr)

    # The same on both sides, so that each proxy is compared with its own past.
    assert len(found) == 2
    assert str(found[0].matchers) == str(found[1].matchers)
    assert {selector.name for selector in found} == {"control_identity_cert_expiration_timestamp_seconds"}
    assert not re.search(r"\b(3600|86400)\b", expr)
    share = re.search(r"< ([0-9.]+) \* max_over_time\(", expr)
    # Below the three tenths that are left at renewal, above nothing.
    assert share is not None
    assert 0.1 <= float(share[1]) < 0.3


@pytest.mark.parametrize("engine", ["flux", "argocd"])
def test_the_annotations_that_alerts_read_are_exported(engine: str, tmp_path: Path) -> None:
    scaffold({"engine": engine}, tmp_path / "repository")
    values = parse(
        (tmp_path / "repository/platform/home/kube-prometheus-stack/values.yaml").read_text(encoding="utf-8")
    )
    read = {
        (selector.name, matcher.name)
        for rule in rules()
        for selector in selectors(rule["expr"])
        for matcher in selector.matchers.matchers
        if matcher.name.startswith("annotation_")
    }

    assert read == {
        (f"kube_{kind}_annotations", "annotation_linkerd_io_inject") for kind in ("pod", "namespace")
    }
    assert sorted(values["kube-state-metrics"]["metricAnnotationsAllowList"]) == [
        "namespaces=[linkerd.io/inject]",
        "pods=[linkerd.io/inject]",
    ]
