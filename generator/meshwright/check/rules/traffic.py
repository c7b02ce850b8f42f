"""Traffic: routes, ServiceProfiles and NetworkPolicies, and deprecated kinds of the policy API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from meshwright.check.model.index import Item, Model
from meshwright.check.model.injection import inject_mode
from meshwright.check.model.selectors import selected
from meshwright.check.rules.backends import may_be_mirrored
from meshwright.check.rules.rule import Absence, Hit, Severity, rule
from meshwright.labelselector import matches
from meshwright.yaml.pointer import items_of

_GROUP = "policy.linkerd.io"
_INBOUND = 4143
_SETTINGS = ("retry.linkerd.io/", "timeout.linkerd.io/")
_DEPRECATED = {
    ("Server", "v1alpha1"): "v1beta3",
    ("Server", "v1beta1"): "v1beta3",
    ("ServerAuthorization", "v1alpha1"): "AuthorizationPolicy v1alpha1",
    ("ServerAuthorization", "v1beta1"): "AuthorizationPolicy v1alpha1",
    ("HTTPRoute", "v1alpha1"): "HTTPRoute of gateway.networking.k8s.io/v1",
    ("HTTPRoute", "v1beta1"): "HTTPRoute of gateway.networking.k8s.io/v1",
    ("HTTPRoute", "v1beta2"): "HTTPRoute of gateway.networking.k8s.io/v1",
    ("HTTPRoute", "v1beta3"): "HTTPRoute of gateway.networking.k8s.io/v1",
}


@rule(
    "MW421",
    "policy-api-deprecated",
    "A version or kind of Linkerd's policy API is deprecated",
    why="It is served only for existing objects, and only its successor gets new features. ServerAuthorization "
    "and Linkerd's own HTTPRoute are deprecated in all versions.",
    fix="use its successor",
    source="linkerd2 charts/linkerd-crds at edge-26.8.3: deprecated versions; linkerd.io, HTTPRoute reference",
    severity=Severity.INFO,
    since="2024.8.2",
)
def deprecated_kind(model: Model) -> Iterator[Hit]:
    for kind in ("Server", "ServerAuthorization", "HTTPRoute"):
        for item in model.items(kind, _GROUP):
            version = item.built.api_version.rpartition("/")[2]
            successor = _DEPRECATED.get((kind, version))
            if successor:
                text = f"{item.title} uses {item.built.api_version}, which was replaced by {successor}"
                yield Hit(item.at("apiVersion"), text, subject=item.title)


def _profiled(model: Model) -> Iterator[tuple[Item, str, str]]:
    """Each ServiceProfile with the name and namespace of its Service."""
    for profile in model.items("ServiceProfile", "linkerd.io"):
        parts = profile.name.split(".")
        if len(parts) >= 3 and parts[2] == "svc":
            yield profile, parts[0], parts[1]


@rule(
    "MW422",
    "serviceprofile-overrides-routes",
    "A ServiceProfile overrides the routes of its Service",
    why="If a Service has a ServiceProfile, Linkerd ignores its HTTPRoutes and its annotations for retries "
    "and timeouts.",
    fix="move the ServiceProfile's settings to the route, and remove the ServiceProfile",
    source="linkerd.io, Retries and Timeouts; ServiceProfiles take precedence",
)
def profile_hides(model: Model) -> Iterator[Hit]:
    for profile, name, namespace in _profiled(model):
        service = model.find(profile.cluster, "Service", namespace, name)
        hidden = [key for key in (service.annotations if service else {}) if str(key).startswith(_SETTINGS)]
        if service is not None and hidden:
            at = service.at("metadata", "annotations", hidden[0], key=True)
            text = f"{service.title} sets {hidden[0]}, which {profile.title} ({profile.at()}) overrides"
            yield Hit(at, text, subject=service.title)
        for kind in ("HTTPRoute", "GRPCRoute"):
            for route in model.items(kind):
                for number, parent in enumerate(route.list("spec", "parentRefs")):
                    if _is_service(parent, route, name, namespace) and route.cluster == profile.cluster:
                        at = route.at("spec", "parentRefs", number)
                        text = f"{route.title} is attached to Service {namespace}/{name}, but {profile.title} ({profile.at()}) overrides it"
                        yield Hit(at, text, subject=route.title)


def _is_service(parent: Any, route: Item, name: str, namespace: str) -> bool:
    return (
        isinstance(parent, dict)
        and parent.get("kind") == "Service"
        and parent.get("name") == name
        and (parent.get("namespace") or route.namespace) == namespace
    )


@rule(
    "MW423",
    "networkpolicy-blocks-proxy",
    "A NetworkPolicy blocks meshed traffic",
    why="Meshed clients connect to port 4143 of the pod's proxy, whatever port they call. A policy that "
    "allows only the application's ports blocks them.",
    fix="allow TCP 4143 in addition to the application's ports",
    source="linkerd2 5d0275e3f (edge-25.3.2); linkerd.io, Network Policies",
    since="2025.3.2",
)
def network_policy(model: Model) -> Iterator[Hit]:
    for policy in model.items("NetworkPolicy", "networking.k8s.io"):
        types = policy.list("spec", "policyTypes")
        entries = [entry for entry in policy.list("spec", "ingress") if isinstance(entry, dict)]
        if (types and "Ingress" not in types) or not entries:
            continue
        # An entry without ports lets every port in.
        if any(not items_of(entry.get("ports")) for entry in entries):
            continue
        if any(_admits(port) for entry in entries for port in items_of(entry.get("ports"))):
            continue
        others = [other for other in _policies(model, policy) if other is not policy and _lets_in(other)]
        pods = selected(model, policy.cluster, policy.namespace, policy.get("spec", "podSelector") or {})
        for workload in pods:
            item = workload.item
            if inject_mode(model, workload) is not None and not any(
                matches(other.get("spec", "podSelector") or {}, workload.labels) for other in others
            ):
                text = f"{policy.title} allows no traffic to port {_INBOUND} of {item.title}, which is meshed"
                yield Hit(policy.at("spec", "ingress"), text, subject=policy.title)
                break


def _admits(port: Any) -> bool:
    if not isinstance(port, dict) or port.get("protocol", "TCP") != "TCP":
        return False
    first, last = port.get("port"), port.get("endPort")
    if first is None or first == _INBOUND or first == "linkerd-proxy":
        return True
    return isinstance(first, int) and isinstance(last, int) and first <= _INBOUND <= last


def _policies(model: Model, policy: Item) -> list[Item]:
    """Every NetworkPolicy of a policy's namespace: they add up."""
    return model.once(_policies_by_namespace).get((policy.cluster, policy.namespace), [])


def _policies_by_namespace(model: Model) -> dict[tuple[str, str], list[Item]]:
    found: dict[tuple[str, str], list[Item]] = {}
    for item in model.items("NetworkPolicy", "networking.k8s.io"):
        found.setdefault((item.cluster, item.namespace), []).append(item)
    return found


def _lets_in(policy: Item) -> bool:
    """Whether a policy lets port 4143 in."""
    for entry in policy.list("spec", "ingress"):
        ports = items_of(entry.get("ports")) if isinstance(entry, dict) else []
        if not ports or any(_admits(port) for port in ports):
            return True
    return False


@rule(
    "MW424",
    "route-service-missing",
    "A route is attached to a Service that does not exist",
    why="The route is accepted and matches nothing, so traffic flows as if it did not exist.",
    fix="name a Service in this cluster",
    source="Gateway API GEP-1324, routes for a Service; linkerd2 policy-controller, outbound index",
)
def missing_service(model: Model) -> Iterator[Hit]:
    for kind in ("HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute"):
        for route in model.items(kind):
            for number, parent in enumerate(route.list("spec", "parentRefs")):
                if not isinstance(parent, dict) or parent.get("kind") != "Service":
                    continue
                name, namespace = str(parent.get("name")), str(parent.get("namespace") or route.namespace)
                charts = any(r.namespace == namespace and r.cluster == route.cluster for r in model.releases)
                if charts or may_be_mirrored(model, route.cluster, name):
                    continue
                if not model.find(route.cluster, "Service", namespace, name):
                    at = route.at("spec", "parentRefs", number, "name")
                    text = f"{route.title} is attached to Service {namespace}/{name}, which does not exist"
                    absent = Absence(route.cluster, ("Service",), namespace)
                    yield Hit(at, text, subject=route.title, absent=absent)


@rule(
    "MW425",
    "backend-port-undeclared",
    "A route sends to a port that the Service does not declare",
    why="Linkerd rejects connections to ports that the Service does not declare.",
    fix="declare the port on the Service, or send to one that it declares",
    source="linkerd2 59813f0e0 (edge-25.7.1)",
    since="2025.7.1",
)
def undeclared_port(model: Model) -> Iterator[Hit]:
    for kind in ("HTTPRoute", "GRPCRoute"):
        for route in model.items(kind):
            for at, number, backend in _backends(route):
                name, namespace = str(backend.get("name")), str(backend.get("namespace") or route.namespace)
                service = model.find(route.cluster, "Service", namespace, name)
                if service is None or backend.get("kind", "Service") != "Service":
                    continue
                ports = [port.get("port") for port in service.list("spec", "ports") if isinstance(port, dict)]
                if isinstance(backend.get("port"), int) and backend["port"] not in ports:
                    here = route.at("spec", "rules", at, "backendRefs", number, "port")
                    text = f"{route.title} sends to port {backend['port']}, which {service.title} ({service.at('spec', 'ports')}) does not declare"
                    yield Hit(here, text, subject=route.title)


def _backends(route: Item) -> Iterator[tuple[int, int, dict[str, Any]]]:
    for at, entry in enumerate(route.list("spec", "rules")):
        for number, backend in enumerate(
            items_of(entry.get("backendRefs")) if isinstance(entry, dict) else []
        ):
            if isinstance(backend, dict):
                yield at, number, backend
