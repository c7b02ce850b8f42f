"""Workloads of the charts that home labs use most, from the values alone."""

from __future__ import annotations

from typing import Any

import pytest

from meshwright.apps.inspection.knowncharts import KNOWN_CHARTS, predict_known
from meshwright.errors import Position


def predicted(name: str, release: str = "", **values: Any) -> list[str]:
    """Kind and name of each, with what matters for the mesh."""
    found = []
    for item in predict_known(name, values, release or name, "home", Position("a.yaml")):
        spec = item.data["spec"]["template"]["spec"]
        ports = [port.get("hostPort") for port in spec["containers"][0]["ports"] if port.get("hostPort")]
        found.append(f"{item.kind} {item.name}{' host' if spec.get('hostNetwork') else ''}{ports or ''}")
    return found


@pytest.mark.parametrize("name", KNOWN_CHARTS)
def test_every_chart_has_workloads_in_the_namespace(name: str) -> None:
    found = predict_known(name, {}, name, "home", Position("a.yaml"))
    assert found
    assert {item.namespace for item in found} == {"home"}


@pytest.mark.parametrize(
    ("name", "release", "values", "expected"),
    [
        ("metrics-server", "", {}, ["Deployment metrics-server"]),
        ("metrics-server", "kube", {}, ["Deployment kube-metrics-server"]),
        ("metrics-server", "", {"hostNetwork": {"enabled": True}}, ["Deployment metrics-server host"]),
        ("metrics-server", "", {"fullnameOverride": "ms"}, ["Deployment ms"]),
        ("external-dns", "external-dns-unifi", {}, ["Deployment external-dns-unifi"]),
        ("external-dns", "unifi-dns", {"nameOverride": "dns"}, ["Deployment unifi-dns"]),
        ("reloader", "", {}, ["Deployment reloader-reloader"]),
        ("reloader", "", {"fullnameOverride": "reloader"}, ["Deployment reloader"]),
        (
            "external-secrets",
            "",
            {"certController": {"create": False}, "webhook": {"hostNetwork": True}},
            ["Deployment external-secrets", "Deployment external-secrets-webhook host"],
        ),
        (
            "node-feature-discovery",
            "nfd",
            {"gc": {"enable": False}, "worker": {"hostNetwork": True}},
            [
                "Deployment nfd-node-feature-discovery-master",
                "DaemonSet nfd-node-feature-discovery-worker host",
            ],
        ),
        ("spegel", "", {}, ["DaemonSet spegel"]),
        ("spegel", "", {"service": {"registry": {"hostPort": 29999}}}, ["DaemonSet spegel[29999]"]),
        (
            "ingress-nginx",
            "internal",
            {"controller": {"kind": "DaemonSet", "hostNetwork": True}},
            ["DaemonSet internal-ingress-nginx-controller host"],
        ),
        (
            "ingress-nginx",
            "",
            {"controller": {"kind": "Both"}},
            ["Deployment ingress-nginx-controller", "DaemonSet ingress-nginx-controller"],
        ),
        (
            "kube-prometheus-stack",
            "",
            {"grafana": {"enabled": False}},
            [
                "Deployment kube-prometheus-stack-operator",
                "DaemonSet kube-prometheus-stack-prometheus-node-exporter host",
                "Deployment kube-prometheus-stack-kube-state-metrics",
            ],
        ),
        (
            "kube-prometheus-stack",
            "monitoring",
            {
                "grafana": {"enabled": False},
                "kubeStateMetrics": {"enabled": False},
                "prometheus-node-exporter": {"hostNetwork": False, "fullnameOverride": "node-exporter"},
            },
            ["Deployment monitoring-kube-prometheus-operator", "DaemonSet node-exporter"],
        ),
        ("grafana", "", {"hostNetwork": "text", "enabled": []}, ["Deployment grafana"]),
    ],
)
def test_workloads(name: str, release: str, values: dict[str, Any], expected: list[str]) -> None:
    assert predicted(name, release, **values) == expected


def test_an_unknown_chart_says_nothing() -> None:
    assert predicted("podinfo") == []


@pytest.mark.parametrize(
    "values", [{"hostNetwork": []}, {"hostNetwork": {"enabled": {}}}, {"containerPort": "x"}]
)
def test_values_of_another_type(values: dict[str, Any]) -> None:
    assert predicted("metrics-server", **values) == ["Deployment metrics-server"]
