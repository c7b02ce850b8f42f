"""Links and what they lead to: the probe, the gateway and the trust anchors of the other cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from meshwright.check.model.index import Item, Model
from meshwright.check.model.inlinepem import anchors_by_cluster
from meshwright.check.model.links import is_literal, links
from meshwright.check.model.releases import ChartRelease
from meshwright.check.rules.rule import Hit, rule
from meshwright.yaml.pointer import items_of, mapping_of

_CHART = "linkerd-multicluster"
_PROBE_PORT = 4191


@rule(
    "MW644",
    "link-probe-port-differs",
    "The probe of a gateway and its Link use different ports",
    why="The Service of the probe has the port from the chart's values, but the request goes to the port in the "
    "Link. A proxy refuses a port that a Service does not have, so the gateway counts as down.",
    fix="set controllers[].gateway.probe.port to probeSpec.port of the Link",
    source="linkerd2 issues 14451 and 15670",
    since="2025.7.1",
)
def probe_port_differs(model: Model) -> Iterator[Hit]:
    for release in model.charts(_CHART):
        if not release.complete:
            continue
        for number, entry in enumerate(items_of(release.value("controllers"))):
            name = mapping_of(mapping_of(mapping_of(entry).get("link")).get("ref")).get("name")
            link = _link_of(model, release, name)
            port = link.get("spec", "probeSpec", "port") if link else None
            if link is None or not is_literal(str(port or "")) or not link.get("spec", "probeSpec", "path"):
                continue
            gateway = _gateway(release, entry)
            if gateway.get("enabled") is False:
                text = f"{release.title} probes no gateway for {link.title}, which has a probeSpec"
                fix = "set controllers[].gateway.enabled to true, or remove the gateway from the Link"
                yield Hit(
                    release.at("controllers", number, "gateway", "enabled"), text, fix, subject=link.title
                )
            elif str(mapping_of(gateway.get("probe")).get("port", _PROBE_PORT)) != str(port):
                own = mapping_of(gateway.get("probe")).get("port", _PROBE_PORT)
                text = f"{release.title} probes {link.title} on port {own}, but its probeSpec has port {port}"
                yield Hit(
                    release.at("controllers", number, "gateway", "probe", "port"), text, subject=link.title
                )


def _link_of(model: Model, release: ChartRelease, name: Any) -> Item | None:
    found = (link for link in links(model) if link.name == name and link.cluster == release.cluster)
    return next(found, None)


def _gateway(release: ChartRelease, entry: Any) -> Mapping[str, Any]:
    """The gateway settings of a controller: its own before those of controllerDefaults."""
    defaults = mapping_of(release.value("controllerDefaults", "gateway"))
    own = mapping_of(mapping_of(entry).get("gateway"))
    probe = {**mapping_of(defaults.get("probe")), **mapping_of(own.get("probe"))}
    return {**defaults, **own, "probe": probe}


@rule(
    "MW648",
    "link-gateway-differs",
    "A Link differs from the gateway of the other cluster",
    why="Clients verify the identity of the gateway and refuse another one. A gateway that is disabled, or that "
    "listens on another port, is not reached.",
    fix="write the values of the other cluster's linkerd-multicluster chart into the Link",
    source="linkerd2 edge-26.8.3, multicluster/charts/linkerd-multicluster/templates/gateway.yaml",
)
def gateway_differs(model: Model) -> Iterator[Hit]:
    for link in links(model):
        target, address = link.get("spec", "targetClusterName"), link.get("spec", "gatewayAddress")
        for release in model.charts(_CHART):
            if not address or release.cluster == link.cluster or _short(release.cluster) != target:
                continue
            if release.complete:
                yield from _differences(link, release)


@rule(
    "MW649",
    "link-trust-anchors-differ",
    "Two linked clusters trust no common anchor",
    why="Both sides verify each other's certificates with their own trust anchors. Without a common one, every "
    "request between the clusters fails in the TLS handshake.",
    fix="write the anchors of both clusters into identityTrustAnchorsPEM of both, and restart the meshed pods",
    source="linkerd.io, Installing multi-cluster, Trust Anchor Bundle",
)
def trust_differs(model: Model) -> Iterator[Hit]:
    anchors = model.once(anchors_by_cluster)
    for link in links(model):
        own = anchors.get(link.cluster)
        for cluster, other in anchors.items():
            if (
                own is None
                or cluster == link.cluster
                or _short(cluster) != link.get("spec", "targetClusterName")
            ):
                continue
            if not own.certificates & other.certificates:
                text = f"{link.title} leads to {_short(cluster)}, but {own.pem.label} has no anchor of that cluster"
                yield Hit(own.pem.position, text, subject=link.title)


def _differences(link: Item, release: ChartRelease) -> Iterator[Hit]:
    def value(default: str, *pointer: str) -> str:
        found = release.value(*pointer)
        return default if found is None else str(found)

    there = f"{release.title} of {_short(release.cluster)}"
    if release.value("gateway", "enabled") is False:
        text = f"{link.title} leads to a gateway, but {there} has gateway.enabled: false"
        yield Hit(link.at("spec", "gatewayAddress"), text, subject=link.title)
        return
    identity = ".".join(
        (
            value("linkerd-gateway", "gateway", "name"),
            release.namespace,
            "serviceaccount.identity",
            value("linkerd", "linkerdNamespace"),
            value("cluster.local", "identityTrustDomain"),
        )
    )
    given = link.get("spec", "gatewayIdentity")
    if is_literal(given) and "$" not in identity and given != identity:
        text = f"{link.title} expects gatewayIdentity '{given}', but that of {there} is '{identity}'"
        yield Hit(link.at("spec", "gatewayIdentity"), text, subject=link.title)
    port, own = link.get("spec", "gatewayPort"), value("4143", "gateway", "port")
    # With a node port the Link has that instead, and a load balancer in front may have any.
    kind = value("LoadBalancer", "gateway", "serviceType")
    if kind == "LoadBalancer" and is_literal(port) and "$" not in own and port != own:
        text = f"{link.title} uses gatewayPort {port}, but the gateway of {there} listens on {own}"
        yield Hit(link.at("spec", "gatewayPort"), text, subject=link.title)


def _short(cluster: str) -> str:
    return cluster.rpartition("/")[2]
