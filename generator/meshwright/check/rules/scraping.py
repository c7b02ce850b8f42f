"""Scraping: how often, and whether policy lets it through."""

from __future__ import annotations

from collections.abc import Iterator

from meshwright.check.model.duration import seconds
from meshwright.check.model.index import CONTROL_PLANE, Model
from meshwright.check.rules.monitoring import scrapes_proxies
from meshwright.check.rules.rule import Hit, Severity, rule

_SLOWEST = 15.0
_ADMIN = ("linkerd-admin", 4191)


@rule(
    "MW507",
    "proxy-scrape-interval",
    "Proxies are scraped too seldom for viz",
    why="viz and Linkerd's dashboards look at the last minute: with few samples in it they show gaps.",
    fix="set interval: 10s",
    source="linkerd.io, Exporting metrics; linkerd2 viz/charts/linkerd-viz, prometheus scrape interval 10s",
    severity=Severity.WARNING,
)
def seldom(model: Model) -> Iterator[Hit]:
    for item in model.items("PodMonitor", "monitoring.coreos.com"):
        for number, endpoint in enumerate(item.list("spec", "podMetricsEndpoints")):
            if not isinstance(endpoint, dict) or not scrapes_proxies(endpoint):
                continue
            interval = seconds(endpoint.get("interval"))
            if interval is not None and interval > _SLOWEST and model.charts("linkerd-viz", item.cluster):
                at = item.at("spec", "podMetricsEndpoints", number, "interval")
                text = f"{item.title} scrapes Linkerd's proxies every {endpoint['interval']}"
                yield Hit(at, text, subject=item.title)


@rule(
    "MW508",
    "policy-blocks-prometheus",
    "Policy keeps Prometheus from the proxies",
    why="With the default policy deny nobody reaches the proxies' admin port 4191 unless a Server for it has an "
    "authorization: every target is down.",
    fix="add a Server for port linkerd-admin and an AuthorizationPolicy that lets Prometheus in",
    source="linkerd2#10691",
)
def denied(model: Model) -> Iterator[Hit]:
    for release in model.charts(CONTROL_PLANE):
        if release.value("proxy", "defaultInboundPolicy") != "deny" or not model.sees_all_of(release.cluster):
            continue
        servers = [
            item for item in model.items("Server", "policy.linkerd.io") if item.cluster == release.cluster
        ]
        if any(item.get("spec", "port") in _ADMIN for item in servers):
            continue
        for item in model.items("PodMonitor", "monitoring.coreos.com"):
            endpoints = [
                entry for entry in item.list("spec", "podMetricsEndpoints") if isinstance(entry, dict)
            ]
            if item.cluster == release.cluster and any(scrapes_proxies(entry) for entry in endpoints):
                at = release.at("proxy", "defaultInboundPolicy")
                text = (
                    f"{release.title} denies by default, and {item.title} ({item.at()}) scrapes the proxies"
                )
                yield Hit(at, text, subject=release.title)
                break
