"""Links to other clusters: their names, fields and credentials, and the gateway at the other end."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from meshwright.check.model.index import Item, Model
from meshwright.check.model.releases import ChartRelease
from meshwright.check.rules.rule import Hit, Severity, rule
from meshwright.words import closest, did_you_mean
from meshwright.yaml.pointer import items_of, mapping_of

_CHART, _GROUP = "linkerd-multicluster", "multicluster.linkerd.io"
_SELECTORS = ("selector", "remoteDiscoverySelector", "federatedServiceSelector")
_PREFIX = "cluster-credentials-"
_TYPE = "mirror.linkerd.io/remote-kubeconfig"
_NAME_LABEL = "multicluster.linkerd.io/cluster-name"
_DOMAINS = ("multicluster.linkerd.io/trust-domain", "multicluster.linkerd.io/cluster-domain")
_IDENTITY = re.compile(r"[^.]+\.[^.]+\.serviceaccount\.identity\.([^.]+)\..+")
_PROBE_PORT = 4191
_EXPORTED, _FEDERATED = "mirror.linkerd.io/exported", "mirror.linkerd.io/federated"
_LONGEST_NAME = 63


def _links(model: Model) -> list[Item]:
    return model.items("Link", _GROUP)


def _is_literal(value: Any) -> bool:
    return isinstance(value, str) and value != "" and "$" not in value


@rule(
    "MW641",
    "link-names-differ",
    "A Link names the other cluster in two ways",
    why="The controller finds its Link by metadata.name, and may read only the Secret cluster-credentials-<name>. "
    "Lookups use spec.targetClusterName. If the names differ, nothing is mirrored.",
    fix="use one name in metadata.name, spec.targetClusterName and after cluster-credentials-",
    source="linkerd2 edge-26.8.3, multicluster/service-mirror/link_handlers.go and templates/controller/rbac.yaml",
)
def names_differ(model: Model) -> Iterator[Hit]:
    for link in _links(model):
        secret, target = link.get("spec", "clusterCredentialsSecret"), link.get("spec", "targetClusterName")
        if _is_literal(target) and target != link.name:
            text = f"{link.title} has targetClusterName '{target}'"
            yield Hit(link.at("spec", "targetClusterName"), text, subject=link.title)
        if _is_literal(secret) and secret != f"{_PREFIX}{link.name}":
            text = (
                f"{link.title} reads Secret '{secret}', but its controller may read only {_PREFIX}{link.name}"
            )
            yield Hit(link.at("spec", "clusterCredentialsSecret"), text, subject=link.title)


@rule(
    "MW642",
    "link-selector-not-string",
    "A Link selects by a value that is not a string",
    why="The API server accepts the value, but the controllers cannot decode their list of Links anymore: "
    "every link of the cluster stops.",
    fix="quote the value",
    source="linkerd2 edge-26.1.1, service-mirror against an API server: cannot unmarshal bool into matchLabels",
)
def selector_not_string(model: Model) -> Iterator[Hit]:
    for link in _links(model):
        for selector in _SELECTORS:
            for label, value in link.mapping("spec", selector, "matchLabels").items():
                if not isinstance(value, str):
                    yield Hit(
                        link.at("spec", selector, "matchLabels", label),
                        f"{link.title} has {selector} {label}: {_written(value)}, which is not a string",
                        subject=link.title,
                    )


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


@rule(
    "MW643",
    "link-gateway-incomplete",
    "A Link with a gateway lacks what it needs to reach it",
    why="Services that the selector finds are mirrored to the gateway. Without its address, port or identity, "
    "their mirrors have no endpoints, or clients refuse the gateway.",
    fix="set gatewayAddress, gatewayPort and gatewayIdentity; for a cluster without a gateway, remove them and "
    "spec.selector",
    source="linkerd2 edge-26.8.3, multicluster/service-mirror/cluster_watcher.go; multicluster/cmd/link-gen.go",
)
def gateway_incomplete(model: Model) -> Iterator[Hit]:
    for link in _links(model):
        fields = {key: link.get("spec", key) for key in ("gatewayAddress", "gatewayPort", "gatewayIdentity")}
        selects = any(link.mapping("spec", "selector").values())
        missing = [key for key, value in fields.items() if not value]
        if missing and (selects or len(missing) < len(fields)):
            why = "selects Services for a gateway" if selects else "has a gateway"
            text = f"{link.title} {why}, but has no {' and no '.join(missing)}"
            yield Hit(link.at("spec", key=True), text, subject=link.title)
        identity, namespace = fields["gatewayIdentity"], link.get("spec", "targetClusterLinkerdNamespace")
        if not _is_literal(identity):
            continue
        found = _IDENTITY.fullmatch(identity)
        if found is None:
            text = (
                f"{link.title} has gatewayIdentity '{identity}', which is not "
                "<account>.<namespace>.serviceaccount.identity.<Linkerd's namespace>.<trust domain>"
            )
            yield Hit(link.at("spec", "gatewayIdentity"), text, subject=link.title)
        elif _is_literal(namespace) and found[1] != namespace:
            text = (
                f"{link.title} has Linkerd's namespace '{found[1]}' in gatewayIdentity, but "
                f"targetClusterLinkerdNamespace '{namespace}'"
            )
            yield Hit(link.at("spec", "gatewayIdentity"), text, subject=link.title)


@rule(
    "MW644",
    "link-probe-port-differs",
    "The probe of a gateway uses another port than its Link",
    why="The Service of the probe has the port of the chart's values, the request goes to the port of the Link. "
    "A proxy refuses a port that a Service does not have, so the gateway counts as down.",
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
            if link is None or not _is_literal(str(port or "")) or not link.get("spec", "probeSpec", "path"):
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
    found = (link for link in _links(model) if link.name == name and link.cluster == release.cluster)
    return next(found, None)


def _gateway(release: ChartRelease, entry: Any) -> Mapping[str, Any]:
    """The gateway settings of a controller: its own before those of controllerDefaults."""
    defaults = mapping_of(release.value("controllerDefaults", "gateway"))
    own = mapping_of(mapping_of(entry).get("gateway"))
    probe = {**mapping_of(defaults.get("probe")), **mapping_of(own.get("probe"))}
    return {**defaults, **own, "probe": probe}


@rule(
    "MW645",
    "link-credentials-incomplete",
    "The credentials of a Link lack what Linkerd reads",
    why="linkerd-destination finds the credentials of other clusters by type and label, and ignores a Secret "
    "without the two domains. Clients then get no endpoints of the other cluster.",
    fix="write the Secret as `linkerd multicluster link-gen` prints it",
    source="linkerd2 edge-26.8.3, controller/api/destination/watcher/cluster_store.go",
)
def credentials_incomplete(model: Model) -> Iterator[Hit]:
    for item in (*model.items("Secret", ""), *model.items("ExternalSecret", "external-secrets.io")):
        at: tuple[str, ...] = ()
        name = item.name
        if item.get("kind") == "ExternalSecret":
            at = ("spec", "target", "template")
            name = str(item.get("spec", "target", "name") or item.name)
        labels, annotations = (
            mapping_of(item.get(*at, "metadata", key)) for key in ("labels", "annotations")
        )
        if not name.startswith(_PREFIX) or item.namespace != _namespace(model, item.cluster):
            continue
        kind, label = item.get(*at, "type"), labels.get(_NAME_LABEL)
        missing = [key for key in _DOMAINS if not annotations.get(key)]
        if kind != _TYPE:
            text = f"{item.title} has type '{kind or 'Opaque'}' instead of {_TYPE}"
            yield Hit(item.at(*at, "type"), text, subject=item.title)
        if not label:
            text = f"{item.title} has no label {_NAME_LABEL}"
            yield Hit(item.at(*at, "metadata"), text, subject=item.title)
        elif (names := _names(model, item.cluster)) and _is_literal(label) and label not in names:
            text = (
                f"{item.title} is for cluster '{label}', to which no Link leads{did_you_mean(label, names)}"
            )
            yield Hit(item.at(*at, "metadata", "labels", _NAME_LABEL), text, subject=item.title)
        if missing:
            text = f"{item.title} has no annotation {' and no '.join(missing)}"
            yield Hit(item.at(*at, "metadata"), text, subject=item.title)


def _namespace(model: Model, cluster: str) -> str:
    """The namespace of Linkerd's control plane."""
    return next((release.namespace for release in model.charts("linkerd-control-plane", cluster)), "linkerd")


def _names(model: Model, cluster: str) -> list[str]:
    return [str(link.get("spec", "targetClusterName")) for link in _links(model) if link.cluster == cluster]


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
    custom = {str(value) for link in _links(model) for value in _selected(link)}
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
    for selector in _SELECTORS:
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


@rule(
    "MW648",
    "link-gateway-differs",
    "A Link describes another gateway than the cluster that it leads to has",
    why="Clients verify the identity of the gateway and refuse another one. A gateway that is disabled, or that "
    "listens on another port, is not reached.",
    fix="write the values of the other cluster's linkerd-multicluster chart into the Link",
    source="linkerd2 edge-26.8.3, multicluster/charts/linkerd-multicluster/templates/gateway.yaml",
)
def gateway_differs(model: Model) -> Iterator[Hit]:
    for link in _links(model):
        target, address = link.get("spec", "targetClusterName"), link.get("spec", "gatewayAddress")
        for release in model.charts(_CHART):
            if not address or release.cluster == link.cluster or _short(release.cluster) != target:
                continue
            if release.complete:
                yield from _differences(link, release)


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
    if _is_literal(given) and "$" not in identity and given != identity:
        text = f"{link.title} expects gatewayIdentity '{given}', but that of {there} is '{identity}'"
        yield Hit(link.at("spec", "gatewayIdentity"), text, subject=link.title)
    port, own = link.get("spec", "gatewayPort"), value("4143", "gateway", "port")
    # With a node port the Link has that instead, and a load balancer in front may have any.
    kind = value("LoadBalancer", "gateway", "serviceType")
    if kind == "LoadBalancer" and _is_literal(port) and "$" not in own and port != own:
        text = f"{link.title} uses gatewayPort {port}, but the gateway of {there} listens on {own}"
        yield Hit(link.at("spec", "gatewayPort"), text, subject=link.title)


def _short(cluster: str) -> str:
    return cluster.rpartition("/")[2]
