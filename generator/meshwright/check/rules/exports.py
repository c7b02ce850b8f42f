"""Services that are exported to other clusters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from meshwright.check.model.index import Item, Model
from meshwright.check.model.links import SELECTORS, links
from meshwright.check.rules.rule import Hit, Severity, rule
from meshwright.words import closest
from meshwright.yaml.pointer import items_of, mapping_of

_EXPORTED, _FEDERATED = "mirror.linkerd.io/exported", "mirror.linkerd.io/federated"
_LONGEST_NAME = 63


@rule(
    "MW646",
    "export-label-unknown",
    "A Service has an export label that no Link selects by default",
    why="Links select mirror.linkerd.io/exported with true or remote-discovery, and mirror.linkerd.io/federated "
    "with member. A Service with another value is not mirrored, and nothing reports it.",
    fix="use the value that the Links select",
    source="linkerd.io, Multi-cluster reference; linkerd2 edge-26.8.3, multicluster/cmd/link-gen.go",
    severity=Severity.WARNING,
)
def unknown_export(model: Model) -> Iterator[Hit]:
    custom = {str(value) for link in links(model) for value in _selected(link)}
    known = {_EXPORTED: ("true", "remote-discovery"), _FEDERATED: ("member",)}
    for service in model.items("Service", ""):
        for label, values in known.items():
            value = service.labels.get(label)
            if not isinstance(value, str) or "$" in value or value in (*values, *custom):
                continue
            meant = closest(value, values) or (values[0] if value == "true" else None)
            if meant:
                yield Hit(
                    service.at("metadata", "labels", label),
                    f"{service.title} has {label} '{value}'; did you mean '{meant}'?",
                    subject=service.title,
                )


def _selected(link: Item) -> Iterator[Any]:
    for selector in SELECTORS:
        yield from link.mapping("spec", selector, "matchLabels").values()
        for entry in link.list("spec", selector, "matchExpressions"):
            yield from items_of(mapping_of(entry).get("values"))


@rule(
    "MW647",
    "federated-service-impossible",
    "A federated Service cannot be made from this Service",
    why="The service mirror refuses headless Services, and the API server refuses a name of more than 63 "
    "characters: the federated Service gets no member from this cluster.",
    fix="give the Service a cluster IP and a name of at most 53 characters",
    source="linkerd2 edge-26.8.3, multicluster/service-mirror/cluster_watcher.go: headless service cannot join",
)
def impossible_federation(model: Model) -> Iterator[Hit]:
    for service in model.items("Service", ""):
        if service.labels.get(_FEDERATED) != "member":
            continue
        if service.get("spec", "clusterIP") == "None":
            text = f"{service.title} is federated, but headless (clusterIP None)"
            yield Hit(service.at("spec", "clusterIP"), text, subject=service.title)
        if len(f"{service.name}-federated") > _LONGEST_NAME:
            text = f"{service.title} is federated as {service.name}-federated, which is longer than 63 characters"
            yield Hit(service.at("metadata", "name"), text, subject=service.title)
