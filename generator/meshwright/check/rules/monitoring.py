"""Monitors: whether Prometheus selects them, and whether they select anything."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from meshwright.check.model.index import Item, Model
from meshwright.check.model.selectors import selected, services_selected
from meshwright.check.rules.rule import Absence, Hit, rule
from meshwright.flux.values import ConfigMapKey
from meshwright.labelselector import matches
from meshwright.manifests.sops import ENCRYPTED
from meshwright.yaml.pointer import items_of, mapping_of

_GROUP = "monitoring.coreos.com"
# Kind -> the value of kube-prometheus-stack that frees its selector from the release's label.
_SELECTORS = {
    "PodMonitor": "podMonitorSelectorNilUsesHelmValues",
    "ServiceMonitor": "serviceMonitorSelectorNilUsesHelmValues",
    "PrometheusRule": "ruleSelectorNilUsesHelmValues",
    "Probe": "probeSelectorNilUsesHelmValues",
}
_OWN_SELECTOR = {
    "PodMonitor": "podMonitorSelector",
    "ServiceMonitor": "serviceMonitorSelector",
    "PrometheusRule": "ruleSelector",
    "Probe": "probeSelector",
}


def _monitors(model: Model) -> Iterator[tuple[Item, str]]:
    """Each PodMonitor and ServiceMonitor with the name of its list of endpoints."""
    for kind, field in (("PodMonitor", "podMetricsEndpoints"), ("ServiceMonitor", "endpoints")):
        for item in model.items(kind, _GROUP):
            yield item, field


@rule(
    "MW501",
    "monitor-port-renamed",
    "A monitor selects a port name that Linkerd no longer uses",
    why="The controllers' port admin-http was renamed to <component>-admin, so the monitor selects nothing.",
    fix="keep the port names .*-admin in Linkerd's namespace and admin in viz' namespace, and drop linkerd-admin",
    source="linkerd2 148fd1c16 (edge-25.6.3)",
    since="2025.6.3",
)
def old_port_name(model: Model) -> Iterator[Hit]:
    for item, field in _monitors(model):
        for number, endpoint in enumerate(item.list("spec", field)):
            if not isinstance(endpoint, dict) or not _reaches_linkerd(model, item):
                continue
            for at, relabeling in enumerate(items_of(endpoint.get("relabelings"))):
                if isinstance(relabeling, dict) and "admin-http" in str(relabeling.get("regex", "")):
                    here = item.at("spec", field, number, "relabelings", at, "regex")
                    yield Hit(
                        here,
                        f"{item.title} keeps port name admin-http, which Linkerd no longer uses",
                        subject=item.title,
                    )
            if endpoint.get("port") == "admin-http":
                here = item.at("spec", field, number, "port")
                yield Hit(
                    here,
                    f"{item.title} scrapes port name admin-http, which Linkerd no longer uses",
                    subject=item.title,
                )


def _reaches_linkerd(model: Model, monitor: Item) -> bool:
    """Whether a monitor covers a namespace of the control plane or of an extension."""
    if monitor.get("spec", "namespaceSelector", "any") is True:
        return True
    homes = {
        release.namespace
        for release in model.releases
        if release.cluster == monitor.cluster and release.chart.name.startswith("linkerd")
    }
    names = _namespaces(monitor)
    return any(name in homes if homes else name.startswith("linkerd") for name in names)


def _namespaces(monitor: Item) -> list[str]:
    """The namespaces that a monitor names, or its own."""
    return [
        str(name) for name in monitor.list("spec", "namespaceSelector", "matchNames") or [monitor.namespace]
    ]


@rule(
    "MW502",
    "monitor-not-selected",
    "Prometheus does not select a monitor",
    why="By default kube-prometheus-stack selects only monitors with the label of its own release.",
    fix="add the label, or set the selector's NilUsesHelmValues to false",
    source="kube-prometheus-stack values.yaml, prometheus.prometheusSpec.*SelectorNilUsesHelmValues",
)
def release_label(model: Model) -> Iterator[Hit]:
    for cluster in model.clusters:
        stacks = model.charts("kube-prometheus-stack", cluster)
        if len(stacks) != 1 or not stacks[0].complete:
            continue
        stack = stacks[0]
        for kind, value in _SELECTORS.items():
            spec = ("prometheus", "prometheusSpec")
            own = stack.value(*spec, _OWN_SELECTOR[kind])
            # A selector in the values replaces the release's label.
            if stack.value(*spec, value) is False and not own:
                continue
            for item in model.items(kind, _GROUP):
                if item.cluster != cluster:
                    continue
                label = item.labels.get("release")
                has = f"has label release: {label}" if label else "has no label release"
                if own and not matches(own, item.labels):
                    text = f"{item.title} does not match {_OWN_SELECTOR[kind]} {own} of {stack.title}"
                elif not own and label != stack.name:
                    text = f"{item.title} {has}, but {stack.title} selects release: {stack.name}"
                else:
                    continue
                yield Hit(item.at("metadata", "labels"), text, subject=item.title)


@rule(
    "MW503",
    "monitor-selects-nothing",
    "A monitor selects nothing",
    why="No pod or Service in the namespaces that it covers has these labels, so it never has a target.",
    fix="match the labels, and list the namespaces in namespaceSelector",
    source="prometheus-operator API, spec.selector and spec.namespaceSelector",
)
def selects_nothing(model: Model) -> Iterator[Hit]:
    for item, _ in _monitors(model):
        selector = item.get("spec", "selector")
        if not _asks_for_labels(selector):
            continue
        if item.get("spec", "namespaceSelector", "any") is True:
            continue
        named = _namespaces(item)
        if any(_opaque(model, item.cluster, name) for name in named):
            continue
        if not any(_finds(model, item, name) for name in named):
            what = "pod" if item.built.kind == "PodMonitor" else "Service"
            text = f"{item.title} selects no {what} in namespace {' or '.join(named)}"
            absent = Absence(item.cluster, namespace=named[0] if len(named) == 1 else None)
            yield Hit(item.at("spec", "selector"), text, subject=item.title, absent=absent)


def _asks_for_labels(selector: Any) -> bool:
    """Whether a selector asks for labels, not only for the absence of some."""
    terms = map(mapping_of, items_of(mapping_of(selector).get("matchExpressions")))
    return bool(mapping_of(selector).get("matchLabels")) or any(
        term.get("operator") in ("In", "Exists") for term in terms
    )


def _finds(model: Model, monitor: Item, namespace: str) -> bool:
    """Whether a monitor selects something in a namespace."""
    find = selected if monitor.built.kind == "PodMonitor" else services_selected
    return (
        next(iter(find(model, monitor.cluster, namespace, monitor.get("spec", "selector"))), None) is not None
    )


def _opaque(model: Model, cluster: str, namespace: str) -> bool:
    """Whether unseen pods may run in a namespace: of a chart, of an operator, or if none of its objects are here."""
    known = model.once(_opaque_namespaces)
    if (cluster, namespace) not in known:
        known[cluster, namespace] = _is_opaque(model, cluster, namespace)
    return known[cluster, namespace]


def _opaque_namespaces(_: Model) -> dict[tuple[str, str], bool]:
    """The answers of ``_opaque``, one for each namespace that was asked about."""
    return {}


def _is_opaque(model: Model, cluster: str, namespace: str) -> bool:
    if any(release.cluster == cluster and release.namespace == namespace for release in model.releases):
        return True
    items = model.in_namespace(cluster, namespace)
    kinds = {item.built.kind for item in items if item.built.group not in (_GROUP, "")}
    return not kinds or any(item.built.group.count(".") > 1 and item.built.group != _GROUP for item in items)


@rule(
    "MW504",
    "monitor-port-missing",
    "A ServiceMonitor scrapes a port that the Service does not name",
    why="Prometheus finds endpoints by the name of the Service's port, so a name that does not exist is "
    "never scraped.",
    fix="use the name of a port of the Service",
    source="prometheus-operator API, ServiceMonitor spec.endpoints[].port",
)
def unknown_service_port(model: Model) -> Iterator[Hit]:
    for item in model.items("ServiceMonitor", _GROUP):
        services = [
            found
            for name in _namespaces(item)
            for found in services_selected(model, item.cluster, name, item.get("spec", "selector"))
        ]
        names = {
            str(port.get("name"))
            for s in services
            for port in s.list("spec", "ports")
            if isinstance(port, dict)
        }
        for number, endpoint in enumerate(item.list("spec", "endpoints")):
            port = endpoint.get("port") if isinstance(endpoint, dict) else None
            if services and isinstance(port, str) and port not in names:
                at = item.at("spec", "endpoints", number, "port")
                text = f"{item.title} scrapes port '{port}', which {services[0].title} does not name"
                yield Hit(at, text, subject=item.title)


@rule(
    "MW509",
    "dashboard-not-loaded",
    "Grafana cannot load a dashboard",
    why="Grafana logs an error and shows every dashboard but this one.",
    fix="correct the JSON, or export the dashboard again: its JSON model, not the answer of Grafana's API",
    source="grafana pkg/services/provisioning/dashboards: file_reader.go, types.go",
)
def dashboard_not_loaded(model: Model) -> Iterator[Hit]:
    for item in model.items("ConfigMap", ""):
        # The label by which Grafana's sidecar finds ConfigMaps, in the charts of Grafana and its stack.
        if "grafana_dashboard" not in item.labels:
            continue
        for key, text in item.mapping("data").items():
            if not str(key).endswith(".json") or not isinstance(text, str) or text.startswith(ENCRYPTED):
                continue
            if found := _dashboard_fault(text):
                line, column, what = found
                at = ConfigMapKey(model.files, model.repository.index, item.built, key).at(line, column)
                yield Hit(at, f"{item.title} has dashboard '{key}', {what}", subject=item.title)


def _dashboard_fault(text: str) -> tuple[int, int, str] | None:
    """Why Grafana refuses a dashboard, with line and column; like Grafana, it ignores what follows the JSON."""
    start = len(text) - len(text.lstrip())
    try:
        data, _ = json.JSONDecoder(parse_constant=_no_constant).raw_decode(text, start)
    except json.JSONDecodeError as error:
        return error.lineno, error.colno, "which is not JSON from here on"
    except (ValueError, RecursionError):
        return 1, 1, "which is not JSON"
    if not isinstance(data, dict):
        return 1, 1, "which is not a JSON object"
    # A resource of Grafana's API has its title in spec.
    if not data.get("title") and not ("apiVersion" in data and "spec" in data):
        inside = mapping_of(data.get("dashboard")).get("title")
        return 1, 1, f"which has no title{'; the one below dashboard is not read' if inside else ''}"
    return None


def _no_constant(name: str) -> None:
    raise ValueError(name)
