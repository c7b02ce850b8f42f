"""Policy: Servers, who may call them, and references to objects that do not exist."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from meshwright.check.model.index import Item, Model
from meshwright.check.model.portlists import pod_ports
from meshwright.check.model.selectors import selected
from meshwright.check.model.workloads import Workload
from meshwright.check.rules.rule import Absence, Hit, Severity, rule
from meshwright.words import did_you_mean

_GROUP = "policy.linkerd.io"
_GATEWAY = "gateway.networking.k8s.io"
_ROUTES = ("HTTPRoute", "GRPCRoute")
_IDENTITY = re.compile(
    r"(?:\*|\*\.[a-z0-9.-]+|[a-z0-9-]+\.[a-z0-9-]+\.serviceaccount\.identity\.[a-z0-9.-]+)\Z"
)
_SHAPE = ".serviceaccount.identity."
# The lists in which an object allows identities, and those in which it allows service accounts.
_IDENTITIES = (
    ("MeshTLSAuthentication", ("identities",)),
    ("ServerAuthorization", ("client", "meshTLS", "identities")),
)
_ALLOWING = (
    *_IDENTITIES,
    ("MeshTLSAuthentication", ("identityRefs",)),
    ("AuthorizationPolicy", ("requiredAuthenticationRefs",)),
    ("ServerAuthorization", ("client", "meshTLS", "serviceAccounts")),
)


def _servers(model: Model) -> list[Item]:
    return model.items("Server", _GROUP)


def _opened(model: Model) -> set[tuple[str, str, str]]:
    """Cluster, namespace and Server for which something authorizes; the Server is * for all of a namespace."""
    found: set[tuple[str, str, str]] = set()
    for item in model.items("AuthorizationPolicy", _GROUP):
        target = item.mapping("spec", "targetRef")
        if target.get("kind") == "Namespace":
            found.add((item.cluster, item.namespace, "*"))
        elif target.get("kind") == "Server":
            found.add((item.cluster, item.namespace, str(target.get("name"))))
    for item in model.items("ServerAuthorization", _GROUP):
        name = item.get("spec", "server", "name")
        found.add((item.cluster, item.namespace, str(name)))
        if item.mapping("spec", "server", "selector"):
            found.add((item.cluster, item.namespace, "*"))
    # Authorizations may stand on its routes instead.
    for kind in _ROUTES:
        for route in model.items(kind):
            for ref in route.list("spec", "parentRefs"):
                if isinstance(ref, dict) and ref.get("kind") == "Server":
                    found.add((route.cluster, route.namespace, str(ref.get("name"))))
    return found


def _selected(model: Model, server: Item) -> list[Workload]:
    """Workloads whose pods a Server selects."""
    return list(selected(model, server.cluster, server.namespace, server.get("spec", "podSelector")))


def _has_chart(model: Model, cluster: str, namespace: str) -> bool:
    """Whether a chart puts workloads there that are not seen."""
    return (cluster, namespace) in model.once(_namespaces_with_charts)


def _namespaces_with_charts(model: Model) -> set[tuple[str, str]]:
    return {(release.cluster, release.namespace) for release in model.releases}


@rule(
    "MW411",
    "server-denies-all",
    "A Server denies all clients",
    why="A Server without an authorization denies by default: as soon as it is applied, its port rejects "
    "all traffic.",
    fix="add an AuthorizationPolicy for it, or set accessPolicy: all-unauthenticated",
    source="linkerd2 policy-controller; Server v1beta3 spec.accessPolicy, default deny",
)
def closed_server(model: Model) -> Iterator[Hit]:
    opened = _opened(model)
    for server in _servers(model):
        if server.get("spec", "accessPolicy") not in (None, "deny"):
            continue
        place = (server.cluster, server.namespace)
        if (*place, server.name) not in opened and (*place, "*") not in opened:
            yield Hit(
                server.at(),
                f"{server.title} denies all clients: no AuthorizationPolicy targets it",
                subject=server.title,
                absent=Absence(server.cluster, ("AuthorizationPolicy",), server.namespace),
            )


@rule(
    "MW412",
    "policy-target-invalid",
    "An AuthorizationPolicy has no valid target",
    why="The policy is accepted and has no effect, so the traffic that it should allow stays denied.",
    fix="name a Server, HTTPRoute or GRPCRoute in its own namespace, or that Namespace",
    source="linkerd2 policy-controller/k8s/index/src/inbound/authorization_policy.rs",
)
def missing_target(model: Model) -> Iterator[Hit]:
    for item in model.items("AuthorizationPolicy", _GROUP):
        target = item.mapping("spec", "targetRef")
        kind, name = str(target.get("kind") or ""), str(target.get("name") or "")
        at = item.at("spec", "targetRef", "name")
        if kind == "Namespace":
            if name != item.namespace:
                text = f"{item.title} targets Namespace {name}, but can target only its own"
                yield Hit(at, text, subject=item.title)
        elif kind not in ("Server", *_ROUTES):
            text = f"{item.title} targets a {kind}, but must target a Server, a route or its own Namespace"
            yield Hit(item.at("spec", "targetRef", "kind"), text, subject=item.title)
        elif not _has_chart(model, item.cluster, item.namespace) and not model.find(
            item.cluster, kind, item.namespace, name
        ):
            known = [found.name for found in model.items(kind) if found.namespace == item.namespace]
            text = f"{item.title} targets {kind} {name}, which does not exist in its namespace{did_you_mean(name, known)}"
            absent = Absence(item.cluster, (kind,), item.namespace)
            yield Hit(at, text, subject=item.title, absent=absent)


@rule(
    "MW413",
    "policy-authentication-missing",
    "An AuthorizationPolicy requires an authentication that does not exist",
    why="No client can satisfy a reference to a missing object, so all clients are rejected.",
    fix="name a MeshTLSAuthentication, a NetworkAuthentication or a ServiceAccount that exists",
    source="linkerd2 policy-controller/k8s/index/src/inbound/index.rs",
)
def missing_authentication(model: Model) -> Iterator[Hit]:
    for item in model.items("AuthorizationPolicy", _GROUP):
        for number, ref in enumerate(item.list("spec", "requiredAuthenticationRefs")):
            if not isinstance(ref, dict) or ref.get("kind") not in (
                "MeshTLSAuthentication",
                "NetworkAuthentication",
            ):
                continue
            kind, name = str(ref["kind"]), str(ref.get("name") or "")
            namespace = str(ref.get("namespace") or item.namespace)
            if _has_chart(model, item.cluster, namespace):
                continue
            if not model.find(item.cluster, kind, namespace, name):
                known = [found.name for found in model.items(kind) if found.namespace == namespace]
                text = f"{item.title} requires {kind} {namespace}/{name}, which does not exist{did_you_mean(name, known)}"
                at = item.at("spec", "requiredAuthenticationRefs", number, "name")
                absent = Absence(item.cluster, (kind,), namespace)
                yield Hit(at, text, subject=item.title, absent=absent)


@rule(
    "MW414",
    "policy-authentications-conflict",
    "Linkerd rejects this combination of authentications",
    why="A client must satisfy all authentications at once. The admission webhook accepts at most one of "
    "each kind, and no MeshTLSAuthentication together with a ServiceAccount.",
    fix="put all identities into one MeshTLSAuthentication",
    source="linkerd2 policy-controller/runtime/src/admission.rs",
)
def refused_authentications(model: Model) -> Iterator[Hit]:
    for item in model.items("AuthorizationPolicy", _GROUP):
        refs = item.list("spec", "requiredAuthenticationRefs")
        kinds = [str(ref.get("kind")) for ref in refs if isinstance(ref, dict)]
        at = item.at("spec", "requiredAuthenticationRefs")
        mesh = [kind for kind in kinds if kind in ("MeshTLSAuthentication", "ServiceAccount")]
        if len(mesh) > 1:
            shown = f"two {mesh[0]}s" if mesh == mesh[:1] * 2 else " and ".join(mesh)
            yield Hit(at, f"{item.title} requires {shown} at once", subject=item.title)
        if kinds.count("NetworkAuthentication") > 1:
            yield Hit(at, f"{item.title} requires two NetworkAuthentications at once", subject=item.title)


@rule(
    "MW415",
    "policy-allows-all",
    "An AuthorizationPolicy allows all clients",
    why="An empty list requires no authentication, so unmeshed clients are allowed too.",
    fix="require an authentication, or set accessPolicy: all-unauthenticated on the Server to make it "
    "explicit",
    source="linkerd2 policy-controller/k8s/index/src/inbound/authorization_policy.rs",
    severity=Severity.WARNING,
)
def everybody(model: Model) -> Iterator[Hit]:
    for item in model.items("AuthorizationPolicy", _GROUP):
        if "requiredAuthenticationRefs" in item.spec and not item.list("spec", "requiredAuthenticationRefs"):
            at = item.at("spec", "requiredAuthenticationRefs")
            yield Hit(at, f"{item.title} requires no authentication", subject=item.title)


@rule(
    "MW416",
    "server-selects-no-pods",
    "A Server selects no pods",
    why="The Server protects no pod, and the pods that it was meant for keep the default policy.",
    fix="match the labels of pods in the Server's own namespace",
    source="linkerd2 Server spec.podSelector",
)
def selects_nothing(model: Model) -> Iterator[Hit]:
    for server in _servers(model):
        seen = not _has_chart(model, server.cluster, server.namespace)
        if not seen or not isinstance(server.get("spec", "podSelector"), dict):
            continue
        if _custom_kinds(model, server) or _selected(model, server):
            continue
        text = f"{server.title} selects no pod in namespace {server.namespace}"
        absent = Absence(server.cluster, namespace=server.namespace)
        yield Hit(server.at("spec", "podSelector"), text, subject=server.title, absent=absent)


def _custom_kinds(model: Model, server: Item) -> bool:
    """Whether an operator may make pods in the Server's namespace from objects of its own kinds."""
    return (server.cluster, server.namespace) in model.once(_namespaces_with_custom_kinds)


def _namespaces_with_custom_kinds(model: Model) -> set[tuple[str, str]]:
    return {
        (item.cluster, item.namespace)
        for item in model.all_items()
        if "." in item.built.group
        and "k8s.io" not in item.built.group
        and item.built.group not in (_GROUP, "linkerd.io", "cert-manager.io", "monitoring.coreos.com")
    }


@rule(
    "MW417",
    "server-port-undeclared",
    "A Server names a port that no container declares",
    why="A named port must be declared by a container of the pod; otherwise the Server protects nothing.",
    fix="use the name or the number of a container's port",
    source="linkerd2 Server spec.port",
)
def unknown_port(model: Model) -> Iterator[Hit]:
    for server in _servers(model):
        port = server.get("spec", "port")
        if not isinstance(port, str) or port.isdigit():
            continue
        selected = _selected(model, server)
        names = {name for workload in selected for _, name in pod_ports(model, workload)}
        if selected and port not in names:
            text = f"{server.title} names port '{port}', which {selected[0].item.title} does not declare"
            yield Hit(server.at("spec", "port"), text + did_you_mean(port, names), subject=server.title)


@rule(
    "MW418",
    "servers-overlap",
    "Two Servers select the same port of a pod",
    why="Only one of them takes effect, and Linkerd does not define which.",
    fix="keep one of the two",
    source="linkerd.io, Authorization Policy: Servers must not overlap",
)
def overlapping(model: Model) -> Iterator[Hit]:
    taken: dict[tuple[str, str, str, str, int], Item] = {}
    for server in _servers(model):
        port = server.get("spec", "port")
        for workload in _selected(model, server):
            ports = {number for number, name in pod_ports(model, workload) if port in (name, number)}
            for number in sorted(ports | ({port} if isinstance(port, int) else set())):
                item = workload.item
                key = (item.cluster, item.built.kind, item.namespace, item.name, number)
                first = taken.setdefault(key, server)
                if first is not server:
                    text = f"{server.title} and {first.title} ({first.at()}) both select port {number} of {item.title}"
                    yield Hit(server.at("spec", "port"), text, subject=server.title)


@rule(
    "MW419",
    "identity-malformed",
    "An identity matches no pod",
    why="An identity has the form <service account>.<namespace>.serviceaccount.identity.<Linkerd's "
    "namespace>.<trust domain>; any other form matches no client.",
    fix="write the full name, or use identityRefs with a ServiceAccount or Namespace",
    source="linkerd2 pkg/identity; MeshTLSAuthentication spec.identities, ServerAuthorization spec.client.meshTLS.identities",
)
def malformed_identity(model: Model) -> Iterator[Hit]:
    for kind, pointer in _IDENTITIES:
        for item in model.items(kind, _GROUP):
            domains = {
                f"{release.namespace}.{release.value('identityTrustDomain') or release.value('clusterDomain') or 'cluster.local'}"
                for release in model.charts("linkerd-control-plane", item.cluster)
                if release.complete
            }
            for number, identity in enumerate(item.list("spec", *pointer)):
                if why := _malformed(identity, domains):
                    at = item.at("spec", *pointer, number)
                    yield Hit(at, f"{item.title} names identity '{identity}', {why}", subject=item.title)


def _malformed(identity: Any, domains: set[str]) -> str:
    """Why an identity matches no pod of a mesh; empty if it may match one."""
    if not isinstance(identity, str) or not _IDENTITY.match(identity):
        return "which does not have the form of an identity"
    domain = identity.partition(_SHAPE)[2]
    if domain and not identity.startswith("*") and len(domains) == 1 and domain not in domains:
        return f"but identities of this mesh end in {min(domains)}"
    return ""


@rule(
    "MW420",
    "default-service-account",
    "Several workloads share an authorized identity",
    why="All pods without their own service account run as default, so allowing one of them allows all of "
    "them, in whichever object: MeshTLSAuthentication, AuthorizationPolicy or ServerAuthorization.",
    fix="give the client its own service account",
    source="linkerd.io, Authorization Policy: identities are service accounts",
    severity=Severity.WARNING,
)
def shared_identity(model: Model) -> Iterator[Hit]:
    for kind, pointer in _ALLOWING:
        for item in model.items(kind, _GROUP):
            for number, named in enumerate(item.list("spec", *pointer)):
                if _is_default(named):
                    at = item.at("spec", *pointer, number)
                    yield Hit(at, f"{item.title} authorizes service account default", subject=item.title)


def _is_default(named: Any) -> bool:
    """Whether an identity, or a reference to a service account, is of the account default."""
    if isinstance(named, Mapping):
        return named.get("name") == "default" and named.get("kind", "ServiceAccount") == "ServiceAccount"
    return isinstance(named, str) and re.match(r"default\.[^.]+\.serviceaccount\.", named) is not None
