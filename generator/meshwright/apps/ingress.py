"""Ingress through Traefik, which must use the addresses of Services so that Linkerd balances the load.

Traefik (v3.7.13, getNativeServiceAddress) refuses this for a headless Service, and then serves none of the
route; with sticky sessions it would choose no pod any more. Such routes stay as they are.

Traefik in ingress mode needs the header l5d-dst-override instead, which a Middleware sets on each route.
The Middleware replaces a header from the client, so clients cannot choose a backend.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from meshwright.apps.model import App, AppsContext, Base, Part, Patch
from meshwright.apps.overlay.namespaces import home_of
from meshwright.apps.overlay.patches import nested, target_of
from meshwright.apps.spec import Route
from meshwright.finding import Finding
from meshwright.manifests.unit import BuiltObject
from meshwright.words import did_you_mean
from meshwright.yaml.pointer import items_of, mapping_of

_GROUP = "traefik.io"
_HEADER = "l5d-dst-override"
_NATIVE = "traefik.ingress.kubernetes.io/service.nativelb"
# source: Traefik v3.7.13, pkg/provider/kubernetes/gateway/annotations.go
_NATIVE_GATEWAY = "traefik.io/service.nativelb"
GATEWAY_ROUTES = ("HTTPRoute", "GRPCRoute")
_STICKY = "traefik.ingress.kubernetes.io/service.sticky"
_MIDDLEWARES = "traefik.ingress.kubernetes.io/router.middlewares"
_NEED = "its routes are of Traefik's kinds"


def ingress_part(app: App, context: AppsContext) -> Part:
    """Patches for the routes in the manifests, and the routes from the spec."""
    part = Part()
    ingress = app.spec.ingress
    if ingress is None:
        return part
    if context.settings.traefik is None and ingress.routes:
        text = "ingress.routes: this repository has no Traefik (ingress: none in the answers)"
        part.findings.append(Finding("mesh/ingress", app.at("ingress", "routes", key=True), text))
        return part
    base = context.bases[app.name]
    _old_group(base, part)
    middlewares = _Middlewares(app)
    services = {item.name: item for item in base.objects if item.kind == "Service" and not item.group}
    for item in base.objects:
        if is_gateway_route(item) and not ingress.override:
            part.patches += _gateway_services(item, home_of(app, item), services, part)
        if item.kind == "IngressRoute" and item.api_version.startswith(f"{_GROUP}/"):
            operations = list(
                _route_operations(item, home_of(app, item), ingress.override, middlewares, services)
            )
            if operations:
                part.patches.append(Patch(target_of(item), operations))
        elif item.kind == "Ingress" and item.api_version.startswith("networking.k8s.io/"):
            if ingress.override:
                part.patches += _ingress_header(app, item, middlewares, part)
            else:
                part.patches += _native_services(item, services, part)
    for number, route in enumerate(ingress.routes):
        part.findings += _route_findings(app, number, route, base)
    if ingress.routes:
        part.objects += _route_objects(app, ingress.override, middlewares, services)
    part.objects += middlewares.objects
    others = [item for item in base.objects if item.kind in ("Ingress", "IngressRoute")]
    only_gateway = any(map(is_gateway_route, base.objects)) and not (others or ingress.routes)
    if "traefik" in context.settings.layers and not only_gateway:
        part.needs["traefik"] = _NEED
    return part


def is_gateway_route(item: BuiltObject) -> bool:
    """Whether it is a route of the Gateway API that carries HTTP."""
    return item.group == "gateway.networking.k8s.io" and item.kind in GATEWAY_ROUTES


def _gateway_services(
    item: BuiltObject, home: str, services: Mapping[str, BuiltObject], part: Part
) -> Iterator[Patch]:
    """Patches by which Traefik sends to the Services of a route, not to their pods."""
    for rule in items_of(mapping_of(item.data.get("spec")).get("rules")):
        for entry in items_of(mapping_of(rule).get("backendRefs")):
            backend = mapping_of(entry)
            service = services.get(str(backend.get("name")))
            if backend.get("kind", "Service") != "Service" or backend.get("namespace") not in (None, home):
                continue
            if service is not None and _has_address(service.name, {}, services):
                annotations = nested(("metadata", "annotations"), {_NATIVE_GATEWAY: "true"})
                patch = Patch(target_of(service), annotations)
                if patch not in part.patches:
                    yield patch


class _Middlewares:
    """One Middleware for each Service and port that is a route's destination."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._found: dict[tuple[str, str], dict[str, Any]] = {}

    def name(self, service: str, port: int | str) -> str:
        """The name of the Middleware for a Service's port."""
        key = (service, str(port))
        name = f"l5d-dst-override-{service}-{port}"
        if key not in self._found:
            destination = f"{service}.{self._app.spec.namespace}.svc.cluster.local:{port}"
            self._found[key] = {
                "apiVersion": f"{_GROUP}/v1alpha1",
                "kind": "Middleware",
                "metadata": {"name": name, "namespace": self._app.spec.namespace},
                "spec": {"headers": {"customRequestHeaders": {_HEADER: destination}}},
            }
        return name

    @property
    def objects(self) -> list[dict[str, Any]]:
        """Every requested Middleware, sorted by name."""
        return [self._found[key] for key in sorted(self._found)]


def _old_group(base: Base, part: Part) -> None:
    for item in base.objects:
        if item.api_version.startswith("traefik.containo.us/"):
            text = f"{item.short_title} uses API group traefik.containo.us, which Traefik 3 does not support"
            part.findings.append(
                Finding("mesh/ingress", item.origin.position, text, "use apiVersion: traefik.io/v1alpha1")
            )


def _has_address(name: str, route: Mapping[str, Any], services: Mapping[str, BuiltObject]) -> bool:
    """Whether Traefik can send to the address of a Service that ``route`` names.

    A Service that is not in the manifests, such as one of a chart, is assumed to have one.
    """
    service = services.get(name)
    if route.get("sticky"):
        return False
    if service is None:
        return True
    spec = mapping_of(service.data.get("spec"))
    annotations = mapping_of(mapping_of(service.data.get("metadata")).get("annotations"))
    sticky = any(str(key).startswith(_STICKY) for key in annotations)
    return spec.get("clusterIP") != "None" and spec.get("type") != "ExternalName" and not sticky


def _route_operations(
    item: BuiltObject,
    home: str,
    override: bool,
    middlewares: _Middlewares,
    known: Mapping[str, BuiltObject],
) -> Iterator[dict[str, Any]]:
    for number, route in enumerate(items_of(mapping_of(item.data.get("spec")).get("routes"))):
        services = [
            (index, service)
            for index, service in enumerate(items_of(mapping_of(route).get("services")))
            if isinstance(service, Mapping) and service.get("kind", "Service") == "Service"
        ]
        if override:
            yield from _header_operations(number, mapping_of(route), services, middlewares)
            continue
        for index, service in services:
            foreign = service.get("namespace") not in (None, home)
            if (
                service.get("nativeLB") is not True
                and not foreign
                and _has_address(str(service.get("name")), service, known)
            ):
                path = f"/spec/routes/{number}/services/{index}/nativeLB"
                yield {"op": "add", "path": path, "value": True}


def _header_operations(
    number: int,
    route: Mapping[str, Any],
    services: list[tuple[int, Mapping[str, Any]]],
    middlewares: _Middlewares,
) -> Iterator[dict[str, Any]]:
    # A header has one destination: of several weighted services, Linkerd would only use the first.
    if not services or "port" not in services[0][1]:
        return
    service = services[0][1]
    entry = {"name": middlewares.name(str(service.get("name")), service["port"])}
    path = f"/spec/routes/{number}/middlewares"
    if isinstance(route.get("middlewares"), list):
        yield {"op": "add", "path": f"{path}/0", "value": entry}
    else:
        yield {"op": "add", "path": path, "value": [entry]}


def _native_services(item: BuiltObject, services: Mapping[str, BuiltObject], part: Part) -> Iterator[Patch]:
    for name, _ in dict.fromkeys(_backends(item)):
        service = services.get(name)
        if service is not None and _has_address(name, {}, services):
            annotations = nested(("metadata", "annotations"), {_NATIVE: "true"})
            patch = Patch(target_of(service), annotations)
            if patch not in part.patches:
                yield patch


def _ingress_header(app: App, item: BuiltObject, middlewares: _Middlewares, part: Part) -> list[Patch]:
    backends = list(dict.fromkeys(_backends(item)))
    if len(backends) > 1:
        shown = ", ".join(f"{name}:{port}" for name, port in backends)
        text = (
            f"{item.short_title} routes to {shown}, but an Ingress can set only one header "
            f"({app.at('ingress', 'mode')} is override)"
        )
        part.findings.append(
            Finding("mesh/ingress", item.origin.position, text, "create one Ingress per Service")
        )
        return []
    if not backends:
        return []
    name, port = backends[0]
    own = f"{app.spec.namespace}-{middlewares.name(name, port)}@kubernetescrd"
    metadata = mapping_of(item.data.get("metadata"))
    present = str(mapping_of(metadata.get("annotations")).get(_MIDDLEWARES) or "")
    value = f"{own},{present}" if present else own
    return [Patch(target_of(item), nested(("metadata", "annotations"), {_MIDDLEWARES: value}))]


def _backends(item: BuiltObject) -> Iterator[tuple[str, int | str]]:
    spec = mapping_of(item.data.get("spec"))
    found = [spec.get("defaultBackend")]
    for rule in items_of(spec.get("rules")):
        for path in items_of(mapping_of(mapping_of(rule).get("http")).get("paths")):
            found.append(mapping_of(path).get("backend"))
    for backend in found:
        service = mapping_of(mapping_of(backend).get("service"))
        port = mapping_of(service.get("port"))
        if service.get("name"):
            yield str(service["name"]), port.get("number") or str(port.get("name") or "")


def _route_findings(app: App, number: int, route: Route, base: Base) -> Iterator[Finding]:
    services = {item.name: item for item in base.objects if item.kind == "Service"}
    at = ("ingress", "routes", number)
    if route.service not in services:
        if base.charts or base.not_seen:
            return
        text = f"the route for {route.host} leads to Service '{route.service}', which is not in '{base.path}'"
        yield Finding("mesh/ingress", app.at(*at, "service"), text + did_you_mean(route.service, services))
        return
    service = services[route.service]
    ports = items_of(mapping_of(service.data.get("spec")).get("ports"))
    numbers = [mapping_of(port).get("port") for port in ports]
    if route.port not in numbers:
        text = f"the route for {route.host} leads to port {route.port}, but Service '{route.service}'"
        shown = ", ".join(str(port) for port in numbers) or "none"
        yield Finding("mesh/ingress", app.at(*at, "port"), f"{text} ({service.origin.position}) has {shown}")


def _route_objects(
    app: App, override: bool, middlewares: _Middlewares, services: Mapping[str, BuiltObject]
) -> Iterator[dict[str, Any]]:
    """One IngressRoute for all routes with the same entry points and certificate."""
    groups: dict[tuple[tuple[str, ...], str], list[Route]] = {}
    for route in app.spec.ingress.routes if app.spec.ingress else ():
        groups.setdefault((route.entry_points, route.tls_secret), []).append(route)
    for number, ((points, secret), members) in enumerate(groups.items(), start=1):
        spec: dict[str, Any] = {
            "entryPoints": list(points),
            "routes": [_rule(route, override, middlewares, services) for route in members],
        }
        if secret:
            spec["tls"] = {"secretName": secret}
        elif "websecure" in points:
            spec["tls"] = {}
        yield {
            "apiVersion": f"{_GROUP}/v1alpha1",
            "kind": "IngressRoute",
            "metadata": {
                "name": app.name if number == 1 else f"{app.name}-{number}",
                "namespace": app.spec.namespace,
            },
            "spec": spec,
        }


def _rule(
    route: Route, override: bool, middlewares: _Middlewares, services: Mapping[str, BuiltObject]
) -> dict[str, Any]:
    # The schema rejects characters that could end the literal.
    match = f"Host(`{route.host}`)"
    if route.path != "/":
        match += f" && PathPrefix(`{route.path}`)"
    rule: dict[str, Any] = {"kind": "Rule", "match": match}
    service: dict[str, Any] = {"name": route.service, "port": route.port}
    if override:
        rule["middlewares"] = [{"name": middlewares.name(route.service, route.port)}]
    elif _has_address(route.service, {}, services):
        service["nativeLB"] = True
    return {**rule, "services": [service]}
