"""Ports: opaque and skipped ports, and protocols that the proxy cannot detect."""

from __future__ import annotations

from collections.abc import Iterator

from meshwright.check.model.annotationholders import AnnotationHolder, annotation_holders, holder_of
from meshwright.check.model.index import Model
from meshwright.check.model.injection import inject_mode, proxy_settings
from meshwright.check.model.portlists import container_ports
from meshwright.check.model.selectors import selected_by
from meshwright.check.model.workloads import Workload, workloads
from meshwright.check.rules.rule import Hit, Severity, rule
from meshwright.errors import Position
from meshwright.flux.substitution import unresolved
from meshwright.linkerd.ports import read_ports
from meshwright.linkerd.proxysettings import OPAQUE, SKIP_IN, SKIP_OUT, ProxySettings

# Protocols whose server speaks first, outside Linkerd's own list. source: linkerd.io, Protocol Detection
# (NATS); the others' own documentation of their default ports.
_SERVER_FIRST = {
    4222: "NATS",
    6222: "NATS routes",
    26379: "Redis Sentinel",
    5672: "AMQP",
    25672: "RabbitMQ's cluster port",
    7946: "memberlist",
    33060: "MySQL X",
}
_UNDERSTOOD = frozenset({"http", "kubernetes.io/h2c", "linkerd.io/opaque", "linkerd.io/tcp"})
_LISTS = (OPAQUE, SKIP_IN, SKIP_OUT)


def _annotated(model: Model) -> Iterator[AnnotationHolder]:
    """Everything whose annotations may hold lists of ports."""
    yield from annotation_holders(model)
    for item in model.items("Service", ""):
        yield holder_of(item, ("metadata", "annotations"))


@rule(
    "MW401",
    "opaque-ports-drops-default",
    "opaque-ports leaves out a port that is opaque by default",
    why="The annotation replaces the default list. A database on its usual port then waits ten seconds for "
    "protocol detection on each connection.",
    fix="add the port to the annotation",
    source="linkerd2 charts/linkerd-control-plane/values.yaml, proxy.opaquePorts",
    severity=Severity.WARNING,
)
def dropped_default(model: Model) -> Iterator[Hit]:
    for workload in workloads(model):
        if inject_mode(model, workload) is None:
            continue
        settings = proxy_settings(model, workload)
        if settings.opaque.holder == "chart":
            continue
        at, whose = _holder(model, workload, settings, OPAQUE)
        for number, _, _ in container_ports(workload):
            kept = settings.opaque_ports | settings.skipped_inbound
            if number in settings.default_opaque_ports and number not in kept:
                text = f"{workload.item.title} listens on port {number}, which {whose} {OPAQUE} leaves out"
                yield Hit(at, text, subject=workload.item.title)


def _holder(model: Model, workload: Workload, settings: ProxySettings, key: str) -> tuple[Position, str]:
    """The position of an annotation in effect, and whose it is."""
    item = workload.item
    set_by = settings.annotation(key)
    namespace = model.find(item.cluster, "Namespace", "", item.namespace)
    if set_by is not None and set_by.holder == "namespace" and namespace is not None:
        return namespace.at("metadata", "annotations", key), f"{namespace.title}'s"
    return item.at(*workload.template, "metadata", "annotations", key), "its"


@rule(
    "MW402",
    "opaque-ports-mismatch",
    "A Service and its pods have different opaque ports",
    why="The client's proxy follows the Service and the server's proxy follows the pod. If they differ, one of "
    "them sends HTTP/2, and the other does not detect it.",
    fix="set the same config.linkerd.io/opaque-ports on both",
    source="linkerd2 pkg/healthcheck, linkerd-opaque-ports-definition",
    severity=Severity.WARNING,
)
def service_disagrees(model: Model) -> Iterator[Hit]:
    for service in model.items("Service", ""):
        for workload in selected_by(model, service):
            if inject_mode(model, workload) is None:
                continue
            settings = proxy_settings(model, workload)
            inherited = settings.namespace.annotations.get(OPAQUE)
            here = service.annotations.get(OPAQUE, inherited)
            if here is None and settings.opaque.holder == "chart":
                continue
            named = settings.named_ports
            ours = settings.default_opaque_ports if here is None else read_ports(here).numbers
            theirs = settings.opaque_ports
            if settings.opaque.holder == "chart":
                theirs = settings.default_opaque_ports
            for entry, port in enumerate(service.list("spec", "ports")):
                number = port.get("port") if isinstance(port, dict) else None
                target = port.get("targetPort", number) if isinstance(port, dict) else None
                target = named.get(target, target) if isinstance(target, str) else target
                if not isinstance(number, int) or not isinstance(target, int):
                    continue
                if (number in ours) != (target in theirs):
                    pair = (service.title, workload.item.title)
                    opaque, other = pair if number in ours else pair[::-1]
                    shown = number if number in ours else target
                    text = f"{opaque} marks port {shown} as opaque, but {other} does not"
                    yield Hit(service.at("spec", "ports", entry, "port"), text, subject=service.title)


@rule(
    "MW403",
    "port-opaque-and-skipped",
    "A port is both opaque and skipped",
    why="Traffic to a skipped port bypasses the proxy: it has no mTLS, and opaque-ports has no effect on it.",
    fix="list it only in opaque-ports, which keeps mTLS",
    source="linkerd.io, Protocol Detection",
    severity=Severity.WARNING,
)
def opaque_and_skipped(model: Model) -> Iterator[Hit]:
    for holder in _annotated(model):
        annotations = holder.annotations
        if OPAQUE in annotations and SKIP_IN in annotations:
            both = read_ports(annotations[OPAQUE]).numbers & read_ports(annotations[SKIP_IN]).numbers
            if both:
                text = f"{holder.title} lists port {min(both)} in both opaque-ports and skip-inbound-ports"
                yield Hit(holder.at(SKIP_IN), text, subject=holder.title)
    for workload in workloads(model):
        if inject_mode(model, workload) is not None:
            yield from _skipped_by_another(model, workload)


def _skipped_by_another(model: Model, workload: Workload) -> Iterator[Hit]:
    """One list of a meshed pod's own, and the other inherited from its namespace."""
    settings = proxy_settings(model, workload)
    opaque, skipped = settings.annotation(OPAQUE), settings.annotation(SKIP_IN)
    if opaque is None or skipped is None or opaque.holder == skipped.holder:
        return
    both = read_ports(opaque.value).numbers & read_ports(skipped.value).numbers
    if both:
        at, _ = _holder(model, workload, settings, OPAQUE if opaque.holder == "pod" else SKIP_IN)
        title = workload.item.title
        text = f"{title} has port {min(both)} in both opaque-ports and skip-inbound-ports, one from its namespace"
        yield Hit(at, text, subject=title)


@rule(
    "MW404",
    "port-list-invalid",
    "A list of ports is invalid",
    why="Linkerd logs the entries that it cannot parse and ignores them, so those ports keep their defaults.",
    fix="write numbers and ranges separated by commas, such as 3306,8000-8010",
    source="linkerd2 pkg/util/parsing.go, ParsePorts",
)
def unreadable_ports(model: Model) -> Iterator[Hit]:
    for holder in _annotated(model):
        for key in _LISTS:
            value = holder.annotations.get(key, "")
            found = read_ports(value)
            wrong = [*found.wrong, *(sorted(found.names) if key != OPAQUE else ())]
            if wrong and not unresolved(value):
                text = f"{holder.title} has '{wrong[0]}' in {key}, which is not a port or a range of ports"
                yield Hit(holder.at(key), text, subject=holder.title)


@rule(
    "MW405",
    "app-protocol-unknown",
    "An unknown appProtocol makes a port opaque",
    why="Linkerd knows four values. With any other, the port is forwarded without routes, retries and "
    "request metrics.",
    fix="use http, kubernetes.io/h2c, linkerd.io/opaque or linkerd.io/tcp, or remove it",
    source="linkerd.io, Protocol Detection: appProtocol",
    severity=Severity.WARNING,
    since="2025.4.4",
)
def unknown_app_protocol(model: Model) -> Iterator[Hit]:
    for service in model.items("Service", ""):
        if not any(inject_mode(model, workload) for workload in selected_by(model, service)):
            continue
        for entry, port in enumerate(service.list("spec", "ports")):
            value = port.get("appProtocol") if isinstance(port, dict) else None
            # What cannot be HTTP loses nothing by it.
            if (
                isinstance(value, str)
                and value not in _UNDERSTOOD
                and ("http" in value.lower() or "grpc" in value or value == "kubernetes.io/ws")
            ):
                at = service.at("spec", "ports", entry, "appProtocol")
                text = f"{service.title} has appProtocol '{value}', which makes the port opaque"
                yield Hit(at, text, subject=service.title)


@rule(
    "MW406",
    "server-first-port-not-opaque",
    "The port of a server-speaks-first protocol is not opaque",
    why="The proxy waits ten seconds for the client to send data before it forwards such a connection.",
    fix="add the port to config.linkerd.io/opaque-ports on the pods and the Service",
    source="linkerd.io, Protocol Detection: server-speaks-first protocols",
    severity=Severity.WARNING,
)
def server_first(model: Model) -> Iterator[Hit]:
    for workload in workloads(model):
        if inject_mode(model, workload) is None:
            continue
        item = workload.item
        settings = proxy_settings(model, workload)
        for number, _, here in container_ports(workload):
            if number in settings.opaque_ports | settings.skipped_inbound:
                continue
            if number in _SERVER_FIRST:
                text = f"{item.title} is meshed and listens on port {number} ({_SERVER_FIRST[number]}), which is not opaque"
                yield Hit(item.at(*here), text, subject=item.title)


@rule(
    "MW407",
    "https-skips-proxy",
    "Outbound HTTPS bypasses the proxy",
    why="The proxy forwards TLS unchanged, so skipping 443 only loses policy and metrics. Ingress mode "
    "needed it only in 2.11. Lists of 100 or more ports, such as 1-65535, are not reported.",
    fix="remove 443 from skip-outbound-ports",
    source="linkerd2 CHANGES.md, 2.12; linkerd.io, Ingress traffic",
    severity=Severity.WARNING,
)
def skipped_https(model: Model) -> Iterator[Hit]:
    for holder in _annotated(model):
        numbers = read_ports(holder.annotations.get(SKIP_OUT, "")).numbers
        if 443 in numbers and len(numbers) < 100:
            text = f"{holder.title} lists port 443 in skip-outbound-ports"
            yield Hit(holder.at(SKIP_OUT), text, subject=holder.title)


@rule(
    "MW408",
    "proxy-port-conflict",
    "A meshed container listens on a port of the proxy",
    why="Both share the pod's network, so the one that starts second cannot listen on the port.",
    fix="move the container to another port",
    source="linkerd2 charts/linkerd-control-plane/values.yaml, proxy.ports",
)
def proxy_port(model: Model) -> Iterator[Hit]:
    for workload in workloads(model):
        if inject_mode(model, workload) is None:
            continue
        item = workload.item
        taken = {number: name for name, number in proxy_settings(model, workload).ports.items()}
        for number, _, here in container_ports(workload):
            if number in taken:
                text = f"{item.title} listens on port {number}, which is the proxy's {taken[number]} port"
                yield Hit(item.at(*here), text, subject=item.title)
