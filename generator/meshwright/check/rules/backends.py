"""References that often contain a typing error: backends of routes, and what a Service selects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from meshwright.check.model.index import Item, Model
from meshwright.check.model.selectors import selected_by
from meshwright.check.model.workloads import Workload, workload_of, workloads_in
from meshwright.check.rules.rule import Absence, Hit, rule
from meshwright.flux.substitution import unresolved
from meshwright.words import did_you_mean
from meshwright.yaml.pointer import Pointer, items_of, mapping_of

_GATEWAY = frozenset({"gateway.networking.k8s.io", "policy.linkerd.io"})
_ROUTES = ("HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute")
_TRAEFIK = ("IngressRoute", "IngressRouteTCP", "IngressRouteUDP")
# Groups of which no kind makes Services or pods; an object of any other group may make an operator do so.
_INERT = frozenset(
    {
        "",
        "apps",
        "batch",
        "autoscaling",
        "policy",
        "traefik.io",
        "traefik.containo.us",
        "policy.linkerd.io",
        "linkerd.io",
    }
    | {"external-secrets.io", "bitnami.com", "cert-manager.io", "trust.cert-manager.io"}
    | {"source.toolkit.fluxcd.io", "kustomize.toolkit.fluxcd.io", "storage.k8s.io"}
    | {"networking.k8s.io", "rbac.authorization.k8s.io", "gateway.networking.k8s.io"}
)
_MONITORS = frozenset({"ServiceMonitor", "PodMonitor", "PrometheusRule", "Probe", "ScrapeConfig"})


@dataclass(frozen=True)
class _Backend:
    """A reference from ``item`` to a Service; ``port`` is a number or a name, None if it has none."""

    item: Item
    pointer: Pointer
    namespace: str
    name: str
    port: Any
    port_pointer: Pointer


def _backends(model: Model) -> Iterator[_Backend]:
    for item in model.items("Ingress", "networking.k8s.io"):
        yield from _of_ingress(item)
    for kind in _TRAEFIK:
        for item in model.items(kind, "traefik.io"):
            for number, route in enumerate(item.list("spec", "routes")):
                yield from _listed(
                    item, ("spec", "routes", number, "services"), mapping_of(route).get("services")
                )
    for item in model.items("TraefikService", "traefik.io"):
        yield from _listed(item, ("spec", "weighted", "services"), item.get("spec", "weighted", "services"))
        yield from _listed(item, ("spec", "mirroring", "mirrors"), item.get("spec", "mirroring", "mirrors"))
        yield from _referenced(item, ("spec", "mirroring"), item.mapping("spec", "mirroring"))
    for item in model.items("Middleware", "traefik.io"):
        yield from _referenced(item, ("spec", "errors", "service"), item.mapping("spec", "errors", "service"))
    for kind in _ROUTES:
        for item in model.items(kind):
            if item.built.group in _GATEWAY:
                for number, entry in enumerate(item.list("spec", "rules")):
                    yield from _of_rule(item, ("spec", "rules", number), mapping_of(entry))


def _of_rule(item: Item, pointer: Pointer, entry: Mapping[str, Any]) -> Iterator[_Backend]:
    """The backends of a rule of the Gateway API, and those that a filter of it or of a backend mirrors to."""
    where = (*pointer, "backendRefs")
    yield from _listed(item, where, entry.get("backendRefs"))
    holders = [(pointer, entry)]
    holders += [((*where, at), mapping_of(ref)) for at, ref in enumerate(items_of(entry.get("backendRefs")))]
    for place, holder in holders:
        for number, filter_ in enumerate(items_of(holder.get("filters"))):
            mirror = mapping_of(mapping_of(filter_).get("requestMirror"))
            at = (*place, "filters", number, "requestMirror", "backendRef")
            yield from _referenced(item, at, mapping_of(mirror.get("backendRef")))


def _of_ingress(item: Item) -> Iterator[_Backend]:
    places: list[Pointer] = [("spec", "defaultBackend", "service")]
    for number, entry in enumerate(item.list("spec", "rules")):
        paths = items_of(mapping_of(mapping_of(entry).get("http")).get("paths"))
        places += [
            ("spec", "rules", number, "http", "paths", place, "backend", "service")
            for place in range(len(paths))
        ]
    for pointer in places:
        service = item.mapping(*pointer)
        port = mapping_of(service.get("port"))
        if isinstance(service.get("name"), str):
            key = "number" if "number" in port else "name"
            name = service["name"]
            yield _Backend(
                item, (*pointer, "name"), item.namespace, name, port.get(key), (*pointer, "port", key)
            )


def _listed(item: Item, pointer: Pointer, services: Any) -> Iterator[_Backend]:
    for number, entry in enumerate(items_of(services)):
        yield from _referenced(item, (*pointer, number), mapping_of(entry))


def _referenced(item: Item, at: Pointer, service: Mapping[str, Any]) -> Iterator[_Backend]:
    is_service = service.get("kind", "Service") == "Service" and not service.get("group")
    if is_service and isinstance(service.get("name"), str):
        namespace = str(service.get("namespace") or item.namespace)
        yield _Backend(item, (*at, "name"), namespace, service["name"], service.get("port"), (*at, "port"))


def is_closed(model: Model, cluster: str, namespace: str) -> bool:
    """Whether no chart and no operator here can bring a Service or pods into a namespace."""
    charts = model.once(_namespaces_with_charts)
    # A chart in a folder that several clusters may share is in none of them.
    if (cluster, namespace) in charts or ("", namespace) in charts:
        return False
    found = model.in_namespace(cluster, namespace)
    # Its workloads may be operators, which make pods that no template shows.
    if any(item.built.origin.is_chart for item in found):
        return False
    # Without any of them here, the whole application comes from elsewhere.
    is_ours = any(item.built.kind == "Service" or workload_of(item) is not None for item in found)
    return is_ours and all(item.built.group in _INERT or item.built.kind in _MONITORS for item in found)


def _namespaces_with_charts(model: Model) -> set[tuple[str, str]]:
    found = {(release.cluster, release.namespace) for release in model.releases}
    charts = [item for kind in ("HelmRelease", "HelmChart", "HelmChartConfig") for item in model.items(kind)]
    for item in charts:
        target = item.get("spec", "targetNamespace")
        found |= {(item.cluster, item.namespace), (item.cluster, str(target or item.namespace))}
    return found


def may_be_mirrored(model: Model, cluster: str, name: str) -> bool:
    """Whether a Service may be a mirror, which a link to another cluster makes as <name>-<cluster>."""
    return "-" in name and cluster in model.once(_linked)


def _linked(model: Model) -> set[str]:
    found = {item.cluster for item in model.items("Link", "multicluster.linkerd.io")}
    return found | {release.cluster for release in model.charts("linkerd-multicluster")}


def _names_of_services(model: Model, cluster: str, namespace: str) -> list[str]:
    return [item.name for item in model.in_namespace(cluster, namespace) if item.built.kind == "Service"]


def _service(model: Model, backend: _Backend) -> Item | None:
    return model.find(backend.item.cluster, "Service", backend.namespace, backend.name)


@rule(
    "MW651",
    "backend-service-missing",
    "A route names a Service that does not exist",
    why="The ingress controller answers 404 or 503 for the path; the object itself is accepted.",
    fix="name a Service of that namespace",
    source="Kubernetes, Ingress backends; Gateway API, BackendNotFound; Traefik, IngressRoute services",
)
def missing_service(model: Model) -> Iterator[Hit]:
    for backend in _backends(model):
        item = backend.item
        if unresolved(backend.name) or _service(model, backend) is not None:
            continue
        if not is_closed(model, item.cluster, backend.namespace):
            continue
        if may_be_mirrored(model, item.cluster, backend.name):
            continue
        text = (
            f"{item.title} sends traffic to Service {backend.namespace}/{backend.name}, which does not exist"
        )
        near = did_you_mean(backend.name, _names_of_services(model, item.cluster, backend.namespace))
        absent = Absence(item.cluster, ("Service",), backend.namespace)
        yield Hit(item.at(*backend.pointer), f"{text}{near}", subject=item.title, absent=absent)


@rule(
    "MW652",
    "backend-port-missing",
    "A route names a port that its Service does not have",
    why="A route names a port of the Service, not of the container. The ingress controller finds no endpoint "
    "and answers 503.",
    fix="use the port or the port name of the Service",
    source="Kubernetes, Ingress backends; Gateway API, backendRefs; Traefik, IngressRoute services",
)
def missing_port(model: Model) -> Iterator[Hit]:
    for backend in _backends(model):
        service = _service(model, backend)
        if backend.item.built.kind in ("HTTPRoute", "GRPCRoute") and model.linkerd(backend.item.cluster):
            # MW425 says what Linkerd does with them.
            continue
        if service is None or backend.port is None or unresolved(backend.port):
            continue
        ports = [mapping_of(port) for port in service.list("spec", "ports")]
        known = {
            str(port.get(key)) for port in ports for key in ("port", "name") if port.get(key) is not None
        }
        # An ExternalName needs no ports, and a headless Service may leave them out.
        if not ports or str(backend.port) in known or any(map(unresolved, known)):
            continue
        shown = ", ".join(str(port.get("port")) for port in ports)
        text = (
            f"{backend.item.title} uses port {backend.port} of {service.title} ({service.at('spec', 'ports')}), "
            f"which has only {shown}"
        )
        yield Hit(backend.item.at(*backend.port_pointer), text, subject=backend.item.title)


@rule(
    "MW653",
    "service-selects-nothing",
    "A Service selects no pods",
    why="A Service without endpoints refuses all connections; the object itself is accepted.",
    fix="select labels that the pod template has",
    source="Kubernetes, Service with selectors",
)
def selects_nothing(model: Model) -> Iterator[Hit]:
    for service in model.items("Service", ""):
        selector = service.mapping("spec", "selector")
        if not selector or any(unresolved(value) for value in selector.values()):
            continue
        there = workloads_in(model, service.cluster, service.namespace)
        if not there or not is_closed(model, service.cluster, service.namespace):
            continue
        if any(True for _ in selected_by(model, service)):
            continue
        wanted = ", ".join(f"{key}={value}" for key, value in selector.items())
        values = [str(value) for workload in there for value in workload.labels.values()]
        near = next((hint for value in selector.values() if (hint := did_you_mean(str(value), values))), "")
        text = f"{service.title} selects {wanted}, which no pod in namespace {service.namespace} has{near}"
        absent = Absence(service.cluster, namespace=service.namespace)
        yield Hit(service.at("spec", "selector"), text, subject=service.title, absent=absent)


@rule(
    "MW654",
    "service-target-port-missing",
    "A Service names a port that its pods do not have",
    why="A Service finds a named targetPort among the ports of its pods' containers. If no container names it, the Service has "
    "no endpoints on this port, and refuses all connections.",
    fix="use the name of a container's port, or its number",
    source="Kubernetes, Service: port definitions; endpointslice FindPort",
)
def target_port_missing(model: Model) -> Iterator[Hit]:
    for service in model.items("Service", ""):
        for number, port in enumerate(service.list("spec", "ports")):
            wanted = port.get("targetPort") if isinstance(port, dict) else None
            if not isinstance(wanted, str) or wanted.isdecimal() or unresolved(wanted):
                continue
            pods = list(selected_by(model, service))
            names = [name for workload in pods for name in _port_names(workload)]
            # The proxy brings ports of its own.
            if not pods or wanted in names or wanted.startswith("linkerd-") or any(map(unresolved, names)):
                continue
            text = (
                f"{service.title} sends port {port.get('port')} to targetPort '{wanted}', which no container of "
                f"{pods[0].item.title} has{did_you_mean(wanted, names)}"
            )
            # A pod that was not seen may have the labels, too.
            absent = Absence(service.cluster, namespace=service.namespace)
            at = service.at("spec", "ports", number, "targetPort")
            yield Hit(at, text, subject=service.title, absent=absent)


def _port_names(workload: Workload) -> Iterator[str]:
    for field in ("containers", "initContainers"):
        for container in items_of(workload.pod.get(field)):
            for port in items_of(mapping_of(container).get("ports")):
                if isinstance(name := mapping_of(port).get("name"), str):
                    yield name


@rule(
    "MW655",
    "serviceprofile-service-missing",
    "A ServiceProfile is for a Service that does not exist",
    why="Linkerd reads the ServiceProfile that has the full name of a Service. It never reads any other, so its "
    "routes, retries and timeouts have no effect.",
    fix="name it <service>.<namespace>.svc.<cluster domain>",
    source="linkerd.io, Service Profiles; linkerd2 controller/api/destination/watcher/profile_watcher.go",
)
def profile_without_service(model: Model) -> Iterator[Hit]:
    for profile in model.items("ServiceProfile", "linkerd.io"):
        name, _, rest = profile.name.partition(".")
        namespace, _, host = rest.partition(".")
        if not host.startswith("svc") or unresolved(profile.name):
            continue
        if model.find(profile.cluster, "Service", namespace, name) is not None:
            continue
        if not is_closed(model, profile.cluster, namespace) or may_be_mirrored(model, profile.cluster, name):
            continue
        near = did_you_mean(name, _names_of_services(model, profile.cluster, namespace))
        text = f"{profile.title} is for Service {namespace}/{name}, which does not exist{near}"
        absent = Absence(profile.cluster, ("Service",), namespace)
        yield Hit(profile.at("metadata", "name"), text, subject=profile.title, absent=absent)
