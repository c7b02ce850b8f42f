"""Prometheus' relabelling, as far as PodMonitors use it, and what the operator puts before it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

Labels = dict[str, str]


def relabel(labels: Mapping[str, str], rules: Iterable[Mapping[str, Any]]) -> Labels | None:
    """What is left of a target's or a sample's labels; None when a rule drops it.

    Semantics of prometheus/model/relabel: regexes match whole strings, a missing label is the empty string,
    and a label that is set to the empty string is gone.
    """
    current = dict(labels)
    for rule in rules:
        action = rule.get("action", "replace").lower()
        regex = re.compile(rule.get("regex", "(.*)"))
        replacement = rule.get("replacement", "$1")
        value = rule.get("separator", ";").join(
            current.get(name, "") for name in rule.get("sourceLabels", [])
        )
        match = regex.fullmatch(value)
        if (action == "keep" and not match) or (action == "drop" and match):
            return None
        if action == "replace" and match:
            current[rule["targetLabel"]] = _expand(match, replacement)
        elif action == "labelmap":
            found = [(regex.fullmatch(name), content) for name, content in current.items()]
            current |= {_expand(hit, replacement): content for hit, content in found if hit}
        elif action == "labeldrop":
            current = {name: content for name, content in current.items() if not regex.fullmatch(name)}
        elif action not in ("keep", "drop", "replace"):
            raise ValueError(f"relabel action {action!r} is not simulated")
        current = {name: content for name, content in current.items() if content}
    return current


def _expand(match: re.Match[str], replacement: str) -> str:
    """Go's $1 and ${1}."""
    return re.sub(r"\$\{?(\d+)\}?", lambda group: match.group(int(group[1])) or "", replacement)


def meta_label(name: str) -> str:
    """A Kubernetes label's name as Prometheus writes it."""
    return re.sub(r"[^A-Za-z0-9_]", "_", name)


def discover(pod: Mapping[str, Any]) -> list[Labels]:
    """One target for each port of each container, init containers included, as role pod discovers them.

    ``pod`` has namespace, name, labels, and containers: name -> list of port names (None: a nameless port).
    """
    common = {"__meta_kubernetes_namespace": pod["namespace"], "__meta_kubernetes_pod_name": pod["name"]}
    for name, value in pod["labels"].items():
        common[f"__meta_kubernetes_pod_label_{meta_label(name)}"] = value
        common[f"__meta_kubernetes_pod_labelpresent_{meta_label(name)}"] = "true"
    return [
        {
            **common,
            "__address__": f"10.42.0.9:{4000 + index}",
            "__meta_kubernetes_pod_container_name": container,
            "__meta_kubernetes_pod_container_port_name": port or "",
        }
        for container, ports in pod["containers"].items()
        for index, port in enumerate(ports)
    ]


def scrape_targets(monitor: Mapping[str, Any], pods: Iterable[Mapping[str, Any]]) -> list[Labels]:
    """The targets that a PodMonitor yields, without meta labels.

    Before the monitor's own relabelings come those that prometheus-operator v0.93 generates.
    """
    spec = monitor["spec"]
    targets = []
    for pod in pods:
        if (
            not spec["namespaceSelector"].get("any")
            and pod["namespace"] not in spec["namespaceSelector"]["matchNames"]
        ):
            continue
        for endpoint in spec["podMetricsEndpoints"]:
            rules = _operator_rules(monitor, endpoint) + endpoint.get("relabelings", [])
            for target in discover(pod):
                kept = relabel(target, rules)
                if kept is not None:
                    kept.setdefault("instance", kept["__address__"])
                    targets.append({name: value for name, value in kept.items() if not name.startswith("__")})
    return targets


def _operator_rules(monitor: Mapping[str, Any], endpoint: Mapping[str, Any]) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = [
        {
            "sourceLabels": [f"__meta_kubernetes_pod_label_{meta_label(name)}"],
            "action": "keep",
            "regex": value,
        }
        for name, value in monitor["spec"]["selector"].get("matchLabels", {}).items()
    ]
    if "port" in endpoint:
        port = endpoint["port"]
        rules.append(
            {"sourceLabels": ["__meta_kubernetes_pod_container_port_name"], "action": "keep", "regex": port}
        )
        rules.append({"targetLabel": "endpoint", "replacement": port})
    return [
        *rules,
        {"sourceLabels": ["__meta_kubernetes_namespace"], "targetLabel": "namespace"},
        {"sourceLabels": ["__meta_kubernetes_pod_container_name"], "targetLabel": "container"},
        {"sourceLabels": ["__meta_kubernetes_pod_name"], "targetLabel": "pod"},
        {"targetLabel": "job", "replacement": f"monitoring/{monitor['metadata']['name']}"},
    ]
