"""The proxies' metrics: what scrapes them, how often, and whether policy allows it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from meshwright.check.model.duration import seconds
from meshwright.check.model.index import CONTROL_PLANE, Model
from meshwright.check.rules.rule import Absence, Hit, Severity, rule
from meshwright.yaml.pointer import items_of

_GROUP = "monitoring.coreos.com"
_SLOWEST = 15.0
_ADMIN = ("linkerd-admin", 4191)


@rule(
    "MW505",
    "linkerd-podmonitors-without-job",
    "Linkerd's own PodMonitors leave its dashboards empty",
    why="They set no job label, but the dashboards query the jobs linkerd-controller and linkerd-proxy. "
    "They also do not scrape viz' own components, whose port is named admin.",
    fix="set podMonitor.enabled: false and write PodMonitors that set job",
    source="linkerd2 charts/linkerd-control-plane/templates/podmonitor.yaml; grafana/dashboards/health.json",
    severity=Severity.WARNING,
)
def own_pod_monitors(model: Model) -> Iterator[Hit]:
    for release in model.charts(CONTROL_PLANE):
        if release.value("podMonitor", "enabled") is True:
            at = release.at("podMonitor", "enabled")
            yield Hit(at, f"{release.title} sets podMonitor.enabled: true", subject=release.title)


@rule(
    "MW506",
    "proxy-monitor-without-job",
    "A monitor of the proxies sets no job label",
    why="Linkerd's dashboards and viz query the jobs linkerd-proxy and linkerd-controller. Metrics of "
    "other jobs are collected but never shown.",
    fix="add a relabeling with targetLabel: job and replacement: linkerd-proxy (or linkerd-controller)",
    source="linkerd2 viz/charts/linkerd-viz/templates/prometheus.yaml; grafana/dashboards",
    severity=Severity.WARNING,
)
def no_job(model: Model) -> Iterator[Hit]:
    for item in model.items("PodMonitor", _GROUP):
        for number, endpoint in enumerate(item.list("spec", "podMetricsEndpoints")):
            if not isinstance(endpoint, dict):
                continue
            entries = [*_relabelings(endpoint), *_relabelings(endpoint, "metricRelabelings")]
            if scrapes_proxies(endpoint) and not any(entry.get("targetLabel") == "job" for entry in entries):
                at = item.at("spec", "podMetricsEndpoints", number)
                yield Hit(
                    at, f"{item.title} scrapes Linkerd's proxies, but sets no job label", subject=item.title
                )


def _relabelings(endpoint: dict[str, Any], field: str = "relabelings") -> list[dict[str, Any]]:
    return [entry for entry in items_of(endpoint.get(field)) if isinstance(entry, dict)]


def scrapes_proxies(endpoint: dict[str, Any]) -> bool:
    """Whether an endpoint of a PodMonitor is the proxies'."""
    return endpoint.get("port") == "linkerd-admin" or any(
        "linkerd-proxy" in str(entry.get("regex", "")) and entry.get("action") == "keep"
        for entry in _relabelings(endpoint)
    )


@rule(
    "MW507",
    "proxy-scrape-interval",
    "The proxies are scraped too rarely for viz",
    why="viz and Linkerd's dashboards query the last minute; with few samples in it they show gaps.",
    fix="set interval: 10s",
    source="linkerd.io, Exporting metrics; linkerd2 viz/charts/linkerd-viz, prometheus scrape interval 10s",
    severity=Severity.WARNING,
)
def seldom(model: Model) -> Iterator[Hit]:
    for item in model.items("PodMonitor", _GROUP):
        for number, endpoint in enumerate(item.list("spec", "podMetricsEndpoints")):
            if not isinstance(endpoint, dict) or not scrapes_proxies(endpoint):
                continue
            interval = seconds(endpoint.get("interval"))
            if interval is not None and interval > _SLOWEST and model.charts("linkerd-viz", item.cluster):
                at = item.at("spec", "podMetricsEndpoints", number, "interval")
                text = f"{item.title} scrapes Linkerd's proxies only every {endpoint['interval']}"
                yield Hit(at, text, subject=item.title)


@rule(
    "MW508",
    "policy-blocks-prometheus",
    "Policy blocks Prometheus from the proxies",
    why="With the default policy deny, the proxies' admin port 4191 rejects all clients unless a Server "
    "for it has an authorization, so every target is down.",
    fix="add a Server for port linkerd-admin and an AuthorizationPolicy that allows Prometheus",
    source="linkerd2#10691",
)
def denied(model: Model) -> Iterator[Hit]:
    for release in model.charts(CONTROL_PLANE):
        if release.value("proxy", "defaultInboundPolicy") != "deny":
            continue
        servers = [
            item for item in model.items("Server", "policy.linkerd.io") if item.cluster == release.cluster
        ]
        if any(item.get("spec", "port") in _ADMIN for item in servers):
            continue
        for item in model.items("PodMonitor", _GROUP):
            endpoints = [
                entry for entry in item.list("spec", "podMetricsEndpoints") if isinstance(entry, dict)
            ]
            if item.cluster == release.cluster and any(scrapes_proxies(entry) for entry in endpoints):
                at = release.at("proxy", "defaultInboundPolicy")
                text = (
                    f"{release.title} denies by default, but {item.title} ({item.at()}) scrapes the proxies"
                )
                absent = Absence(release.cluster, ("Server",))
                yield Hit(at, text, subject=release.title, absent=absent)
                break
