"""Authorization policy of an application: a Server per port, always with an authorization."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from meshwright.apps.model import App, AppsContext, Part
from meshwright.apps.overlay.annotationtargets import AnnotationTarget, choose_targets
from meshwright.apps.overlay.meshedworkloads import meshed_workloads
from meshwright.apps.podports import ContainerPort, container_ports
from meshwright.apps.spec import AllowFrom
from meshwright.errors import Position
from meshwright.finding import Finding, Severity
from meshwright.words import did_you_mean
from meshwright.yaml.pointer import holds, value_at

_GROUP = "policy.linkerd.io"
# The name of the proxy's admin port in every meshed pod.
_ADMIN = "linkerd-admin"
_DENYING = frozenset({"all-authenticated", "cluster-authenticated", "deny"})


@dataclass(frozen=True)
class _Server:
    name: str
    labels: Mapping[str, str]
    port: int | str
    protocol: str = ""


def policy_part(app: App, context: AppsContext) -> Part:
    """Servers, authentications and authorizations for ``policy.allowFrom``; empty without it."""
    part = Part()
    allow = app.spec.policy.allow_from if app.spec.policy else None
    if allow is None or not app.spec.is_meshed:
        return part
    base, settings = context.bases[app.name], context.settings
    if base.charts and not choose_targets(app, base, settings).chosen:
        text = f"policy: the ports of chart '{base.charts[0]}' are not visible offline"
        fix = "add the Servers and AuthorizationPolicies to the application's own manifests"
        part.findings.append(Finding("mesh/policy", app.at("policy", key=True), text, fix))
        return part
    workloads = meshed_workloads(app, base, settings)
    servers = list(_servers(app, workloads, part))
    if not servers:
        if not part.findings:
            text = f"policy.allowFrom: no meshed workload of '{app.name}' declares a TCP port"
            fix = "declare the containers' ports, or remove allowFrom"
            part.findings.append(Finding("mesh/policy", app.at("policy", "allowFrom", key=True), text, fix))
        return part
    authentications = list(_authentications(app, allow, context, part))
    part.objects += [_server_object(app, server) for server in servers]
    part.objects += [item for item, _ in authentications]
    for server in servers:
        for authentication, suffix in authentications:
            part.objects.append(_authorization(app, server, authentication, suffix))
    if allow.prometheus and app.spec.policy and app.spec.policy.default_inbound in _DENYING:
        part.objects += _admin_objects(app, workloads, authentications)
    return part


def _servers(app: App, workloads: Sequence[AnnotationTarget], part: Part) -> Iterator[_Server]:
    wanted = app.spec.policy.ports if app.spec.policy else ()
    unused = dict.fromkeys(wanted)
    seen: dict[tuple[tuple[tuple[str, str], ...], int], _Server] = {}
    every: list[ContainerPort] = []
    for target in workloads:
        labels = selector(target)
        for port in container_ports(target.item, target.owner):
            every.append(port)
            if port.protocol != "TCP" or (wanted and not {port.name, port.number} & set(wanted)):
                continue
            for value in (port.name, port.number):
                unused.pop(value, None)
            if labels is None:
                text = f"{target.item.short_title} has no labels by which a Server can select it"
                part.findings.append(Finding("mesh/policy", target.item.origin.position, text))
                continue
            key = (tuple(sorted(labels.items())), port.number)
            if key not in seen:
                name = f"{app.name}-{target.item.name}-{port.name or port.number}"
                if target.item.name == app.name:
                    name = f"{app.name}-{port.name or port.number}"
                seen[key] = _Server(name[:253], labels, port.name or port.number)
    names = [str(value) for port in every for value in (port.name, port.number) if value]
    for value in unused:
        at = app.at("policy", "ports", wanted.index(value))
        text = f"policy.ports names '{value}', which no meshed workload of '{app.name}' declares"
        part.findings.append(Finding("mesh/policy", at, f"{text}{did_you_mean(str(value), names)}"))
    yield from seen.values()


def selector(target: AnnotationTarget) -> dict[str, str] | None:
    """The labels that select a workload's pods; None if it has none."""
    pointers = (("spec", "selector", "matchLabels"), (*target.owner.annotations[:-1], "labels"))
    for pointer in pointers:
        if "*" not in pointer and holds(target.item.data, pointer):
            found = value_at(target.item.data, pointer)
            if isinstance(found, Mapping) and found:
                return {str(key): str(value) for key, value in found.items()}
    return None


def _authentications(
    app: App, allow: AllowFrom, context: AppsContext, part: Part
) -> Iterator[tuple[dict[str, Any], str]]:
    """Separate authentications by identity and by network: an authorization requires all its references."""
    references = _references(app, allow, context, part)
    if references:
        spec = {"identityRefs": references}
        yield _object("MeshTLSAuthentication", app, f"{app.name}-clients", spec, "v1alpha1"), ""
    if allow.networks:
        networks = {"networks": [{"cidr": cidr} for cidr in allow.networks]}
        yield _object("NetworkAuthentication", app, f"{app.name}-networks", networks, "v1alpha1"), "-networks"


def _references(app: App, allow: AllowFrom, context: AppsContext, part: Part) -> list[dict[str, str]]:
    accounts: dict[tuple[str, str], None] = {}
    for number, name in enumerate(allow.apps):
        client = context.apps.get(name)
        # The inventory reports faults of clients.
        if client is None or not client.spec.is_meshed:
            continue
        at = app.at("policy", "allowFrom", "apps", number)
        found = list(_accounts(client, context))
        if not found:
            text = f"allowFrom names '{name}', but its manifests show no meshed workload"
            part.findings.append(Finding("mesh/policy", at, text, "list its namespace under namespaces"))
        for account, where in found:
            if account == "default":
                part.findings.append(_shared(client, name, at, where))
            accounts[client.spec.namespace, account] = None
    settings = context.settings
    if allow.traefik and settings.traefik:
        accounts[settings.traefik] = None
    if allow.prometheus and settings.prometheus and settings.prometheus_is_meshed:
        accounts[settings.prometheus] = None
    if app.spec.export and settings.gateway:
        # Requests from linked clusters arrive with the identity of the gateway.
        accounts[settings.gateway] = None
    found_refs = [
        {"kind": "ServiceAccount", "namespace": namespace, "name": name} for namespace, name in accounts
    ]
    return [*found_refs, *({"kind": "Namespace", "name": name} for name in allow.namespaces)]


def _shared(client: App, name: str, at: Position, where: Position) -> Finding:
    text = (
        f"allowFrom names '{name}', whose pods use ServiceAccount default ({where}): "
        f"this admits every other pod of namespace '{client.spec.namespace}' that uses it"
    )
    return Finding(
        "mesh/policy", at, text, "give its workloads their own ServiceAccount", severity=Severity.WARNING
    )


def _accounts(app: App, context: AppsContext) -> Iterator[tuple[str, Position]]:
    seen = set()
    for target in meshed_workloads(app, context.bases[app.name], context.settings):
        pod = target.owner.pod_spec
        if not pod or not holds(target.item.data, pod):
            continue
        spec = value_at(target.item.data, pod)
        name = str(spec.get("serviceAccountName") or "default") if isinstance(spec, Mapping) else "default"
        if name not in seen:
            seen.add(name)
            yield name, target.item.origin.position


def _server_object(app: App, server: _Server) -> dict[str, Any]:
    spec: dict[str, Any] = {"podSelector": {"matchLabels": dict(server.labels)}, "port": server.port}
    if server.protocol:
        spec["proxyProtocol"] = server.protocol
    return _object("Server", app, server.name, spec, "v1beta3")


def _authorization(
    app: App, server: _Server, authentication: Mapping[str, Any], suffix: str
) -> dict[str, Any]:
    spec = {
        "targetRef": {"group": _GROUP, "kind": "Server", "name": server.name},
        "requiredAuthenticationRefs": [
            {"group": _GROUP, "kind": authentication["kind"], "name": authentication["metadata"]["name"]}
        ],
    }
    return _object("AuthorizationPolicy", app, f"{server.name}{suffix}", spec, "v1alpha1")


def _admin_objects(
    app: App, workloads: Sequence[AnnotationTarget], authentications: Sequence[tuple[dict[str, Any], str]]
) -> Iterator[dict[str, Any]]:
    """Access to the proxy's metrics, which Prometheus needs if the default policy denies."""
    seen: set[tuple[tuple[str, str], ...]] = set()
    for target in workloads:
        labels = selector(target)
        key = tuple(sorted((labels or {}).items()))
        if labels is None or key in seen:
            continue
        seen.add(key)
        server = _Server(f"{app.name}-{target.item.name}-{_ADMIN}"[:253], labels, _ADMIN, "HTTP/1")
        yield _server_object(app, server)
        for authentication, suffix in authentications:
            yield _authorization(app, server, authentication, suffix)


def _object(kind: str, app: App, name: str, spec: Mapping[str, Any], version: str) -> dict[str, Any]:
    return {
        "apiVersion": f"{_GROUP}/{version}",
        "kind": kind,
        "metadata": {"name": name, "namespace": app.spec.namespace},
        "spec": dict(spec),
    }
