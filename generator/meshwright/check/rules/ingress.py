"""Ingress: Traefik, ingress-nginx, k3s' packaged charts, and the header of ingress mode."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from meshwright.check.model.annotationholders import chart_pods
from meshwright.check.model.index import Item, Model
from meshwright.check.model.injection import inject_mode
from meshwright.check.model.releasepods import mode_of, release_mode
from meshwright.check.model.traefikroutes import is_traefiks, middlewares, middlewares_of_ingress
from meshwright.check.model.workloads import workloads
from meshwright.check.rules.rule import Absence, Hit, Severity, rule
from meshwright.linkerd.injection import INJECT
from meshwright.yaml import YamlFault, parse
from meshwright.yaml.pointer import holds, items_of, mapping_of, value_at

_HELM = "helm.cattle.io"
_HEADER = "l5d-dst-override"
_TRAEFIK_PODS = ("deployment", "podAnnotations")
_NATIVE = "traefik.ingress.kubernetes.io/service.nativelb"
# Charts that k3s and RKE2 bring. source: k3s-io/k3s manifests; rancher/rke2 charts.
_PACKAGED = frozenset(
    {"traefik", "traefik-crd", "coredns", "metrics-server", "gateway-api-crd", "local-storage"}
)


# source: traefik-helm-chart, chart 28.0.0 is the first with Traefik v3.
_TRAEFIK_V2 = re.compile(r"v?(?:[1-9]|1[0-9]|2[0-7])\.")


@rule(
    "MW601",
    "traefik-api-group-removed",
    "An object uses an API group that Traefik has removed",
    why="Traefik v3 removed traefik.containo.us: the API server does not know the kind, or nothing reads it.",
    fix="use traefik.io/v1alpha1",
    source="traefik v3 migration guide: the API group traefik.containo.us is removed",
)
def old_group(model: Model) -> Iterator[Hit]:
    for item in model.all_items():
        if item.built.group == "traefik.containo.us":
            # The chart's CRDs have both groups as long as it installs Traefik v2.
            charts = [release.chart.version for release in model.charts("traefik", item.cluster)]
            is_v2 = bool(charts) and all(map(_TRAEFIK_V2.match, charts))
            text = f"{item.title} uses API group traefik.containo.us"
            severity = Severity.WARNING if is_v2 else None
            yield Hit(item.at("apiVersion"), text, subject=item.title, severity=severity)


def _chart_configs(model: Model) -> list[Item]:
    return model.items("HelmChartConfig", _HELM)


@rule(
    "MW602",
    "helmchartconfig-without-chart",
    "A HelmChartConfig matches no HelmChart",
    why="k3s merges it into the HelmChart of the same name and namespace. Without one, its settings have no "
    "effect. The packaged charts are in kube-system.",
    fix="use the name and the namespace of the HelmChart",
    source="k3s-io/helm-controller, HelmChartConfig",
)
def lost_config(model: Model) -> Iterator[Hit]:
    for item in _chart_configs(model):
        charts = [
            other
            for other in model.items("HelmChart", _HELM)
            if (other.cluster, other.name) == (item.cluster, item.name)
        ]
        if any(other.namespace == item.namespace for other in charts):
            continue
        if item.name in _PACKAGED and item.namespace != "kube-system":
            text = f"{item.title} configures k3s' packaged {item.name}, which is in kube-system"
            yield Hit(item.at("metadata", "namespace"), text, subject=item.title)
        elif charts:
            text = f"{item.title} is in another namespace than {charts[0].title}"
            yield Hit(item.at("metadata", "namespace"), text, subject=item.title)


@rule(
    "MW603",
    "traefik-reinstalled-on-failure",
    "A failed upgrade uninstalls Traefik",
    why="By default k3s handles a failed upgrade by uninstalling the chart and installing it again.",
    fix="set spec.failurePolicy to abort or retry",
    source="k3s-io/helm-controller v0.17, spec.failurePolicy: reinstall by default",
    severity=Severity.WARNING,
)
def reinstalled(model: Model) -> Iterator[Hit]:
    for item in _chart_configs(model):
        if item.name == "traefik" and item.get("spec", "failurePolicy") in (None, "reinstall"):
            yield Hit(
                item.at("spec", "failurePolicy"),
                f"{item.title} lets k3s uninstall Traefik if an upgrade fails",
                subject=item.title,
            )


def _values(item: Item) -> Any:
    """The values of a HelmChartConfig, structured or as text."""
    found = item.mapping("spec", "values")
    if found:
        return found
    try:
        return parse(str(item.get("spec", "valuesContent") or ""), "values")
    except YamlFault:
        return {}


def _value(values: Any, *pointer: str) -> Any:
    return value_at(values, pointer) if holds(values, pointer) else None


@rule(
    "MW604",
    "inject-packaged-traefik",
    "The packaged Traefik requests injection, but the webhook skips it",
    why="k3s' Traefik runs in kube-system, which the injector's webhook skips, so the annotation has no "
    "effect.",
    fix="add a MutatingWebhookConfiguration for Traefik's pods that points to the injector, or run Traefik "
    "in another namespace",
    source="linkerd2 charts/linkerd-control-plane/values.yaml, proxyInjector.namespaceSelector",
)
def packaged_traefik(model: Model) -> Iterator[Hit]:
    for holder in chart_pods(model):
        asked = holder.annotations.get(INJECT) in ("enabled", "ingress")
        if not asked or holder.namespace != "kube-system" or not holder.title.startswith("HelmChartConfig"):
            continue
        releases = model.charts("linkerd-control-plane", holder.cluster)
        if any(
            release.has("proxyInjector", "namespaceSelector") or not release.complete for release in releases
        ):
            continue
        others = model.items("MutatingWebhookConfiguration")
        if any(
            o.cluster == holder.cluster and "linkerd-proxy-injector" in str(o.list("webhooks"))
            for o in others
        ):
            continue
        text = f"{holder.title} requests injection in kube-system, which the webhook skips"
        absent = Absence(holder.cluster, ("MutatingWebhookConfiguration",), "")
        yield Hit(holder.at(INJECT), text, subject=holder.title, absent=absent)


def _overrides(model: Model) -> Iterator[tuple[Item, str]]:
    """Middlewares that set Linkerd's header, and how they write its name."""
    for item in model.items("Middleware"):
        for name in item.mapping("spec", "headers", "customRequestHeaders"):
            if str(name).lower() == _HEADER:
                yield item, str(name)


def _ingress_mode(model: Model, cluster: str) -> list[str]:
    """Who runs in ingress mode."""
    found = [
        workload.item.title
        for workload in workloads(model)
        if workload.item.cluster == cluster and inject_mode(model, workload) == "ingress"
    ]
    for release in model.charts("traefik", cluster):
        if release_mode(model, release, *_TRAEFIK_PODS) == "ingress":
            found.append(release.title)
    for item in _chart_configs(model):
        if item.cluster == cluster and _config_mode(model, item) == "ingress":
            found.append(item.title)
    namespaces = [item for item in model.items("Namespace", "") if item.cluster == cluster]
    return found + [item.title for item in namespaces if mode_of(model, cluster, item.name, {}) == "ingress"]


def _config_mode(model: Model, item: Item) -> str | None:
    """The mode of the Traefik that a HelmChartConfig configures."""
    annotations = mapping_of(_value(_values(item), *_TRAEFIK_PODS))
    return mode_of(model, item.cluster, item.namespace, annotations)


@rule(
    "MW605",
    "ingress-mode-open-relay",
    "Ingress mode lets clients choose where a request goes",
    why="The proxy follows l5d-dst-override, which a client can send too, unless every route overwrites it.",
    fix="use inject: enabled with nativeLB, or a Middleware that sets l5d-dst-override on every route",
    source="linkerd.io, Ingress traffic: the header must not come from outside",
)
def open_relay(model: Model) -> Iterator[Hit]:
    for cluster in model.clusters:
        who = _ingress_mode(model, cluster)
        if not who:
            continue
        own = {id(item.built) for item, _ in _overrides(model)}
        for route in model.items("IngressRoute"):
            for number, entry in enumerate(route.list("spec", "routes") if route.cluster == cluster else []):
                named = items_of(entry.get("middlewares")) if isinstance(entry, dict) else []
                if not _sets(own, middlewares(model, route, named)):
                    text = f"{route.title} has a route that does not set {_HEADER}, but {who[0]} is in ingress mode"
                    at, absent = route.at("spec", "routes", number), Absence(cluster, ("Middleware",))
                    yield Hit(at, text, subject=route.title, absent=absent)
        for item in model.items("Ingress", "networking.k8s.io"):
            if item.cluster != cluster or not is_traefiks(item):
                continue
            if not _sets(own, middlewares_of_ingress(model, item)):
                text = f"{item.title} does not set {_HEADER}, but {who[0]} is in ingress mode"
                absent = Absence(cluster, ("Middleware",))
                yield Hit(item.at("metadata"), text, subject=item.title, absent=absent)


def _sets(own: set[int], used: Iterator[Item | None]) -> bool:
    return any(item is not None and id(item.built) in own for item in used)


@rule(
    "MW606",
    "dst-override-unused",
    "l5d-dst-override has no effect",
    why="Linkerd reads the header only in ingress mode, and nothing here is in ingress mode.",
    fix="remove the Middleware; with inject: enabled use nativeLB instead",
    source="linkerd2-proxy linkerd/app/outbound/src/ingress.rs",
    severity=Severity.WARNING,
)
def idle_override(model: Model) -> Iterator[Hit]:
    for item, name in _overrides(model):
        charts = model.charts("traefik", item.cluster)
        unseen = any(not release.complete for release in charts)
        if not unseen and not _ingress_mode(model, item.cluster):
            at = item.at("spec", "headers", "customRequestHeaders", name, key=True)
            text = f"{item.title} sets {_HEADER}, but nothing is in ingress mode"
            yield Hit(at, text, subject=item.title, absent=Absence(item.cluster))


@rule(
    "MW607",
    "traefik-bypasses-service",
    "A meshed Traefik bypasses the Service",
    why="Traefik selects pods by itself: mTLS works, but the Service's routes, retries, load balancing and "
    "policy do not apply.",
    fix="set nativeLB: true on the service; in a generated repository, ingress: {} in mesh.yaml does so",
    source="traefik v3, services[].nativeLB; linkerd website 042a9c90",
    severity=Severity.WARNING,
)
def no_native_balancing(model: Model) -> Iterator[Hit]:
    for cluster in model.clusters:
        meshed = [
            (release.title, release.value("providers", "kubernetesCRD", "nativeLBByDefault"))
            for release in model.charts("traefik", cluster)
            if release.complete and release_mode(model, release, *_TRAEFIK_PODS) == "enabled"
        ]
        for item in _chart_configs(model):
            values = _values(item)
            if item.cluster == cluster and _config_mode(model, item) == "enabled":
                meshed.append((item.title, _value(values, "providers", "kubernetesCRD", "nativeLBByDefault")))
        if len(meshed) != 1:
            continue
        who, default = meshed[0]
        for route in model.items("IngressRoute"):
            for number, entry in enumerate(route.list("spec", "routes") if route.cluster == cluster else []):
                for at, service in enumerate(
                    items_of(entry.get("services")) if isinstance(entry, dict) else []
                ):
                    if (
                        isinstance(service, dict)
                        and service.get("kind", "Service") == "Service"
                        and service.get("nativeLB", default) is not True
                        and not service.get("sticky")
                        and not _is_headless(model, route, service)
                    ):
                        here = route.at("spec", "routes", number, "services", at)
                        does = (
                            "sets nativeLB: false"
                            if service.get("nativeLB") is False
                            else "does not set nativeLB"
                        )
                        text = (
                            f"{route.title} {does} for service '{service.get('name')}', but {who} is meshed"
                        )
                        yield Hit(here, text, subject=route.title)


def _is_headless(model: Model, route: Item, service: Mapping[str, Any]) -> bool:
    namespace = str(service.get("namespace") or route.namespace)
    found = model.find(route.cluster, "Service", namespace, str(service.get("name")))
    return found is not None and found.get("spec", "clusterIP") == "None"


@rule(
    "MW608",
    "nginx-bypasses-service",
    "A meshed ingress-nginx bypasses the Service",
    why="ingress-nginx sends requests directly to pods, so Linkerd sees neither the Service nor its routes.",
    fix='add nginx.ingress.kubernetes.io/service-upstream: "true" to the Ingress',
    source="linkerd.io, Ingress traffic: nginx",
    severity=Severity.WARNING,
)
def nginx_upstream(model: Model) -> Iterator[Hit]:
    key = "nginx.ingress.kubernetes.io/service-upstream"
    for release in model.charts("ingress-nginx"):
        meshed = release_mode(model, release, "controller", "podAnnotations")
        everywhere = release.value("controller", "config", "service-upstream")
        if not meshed or str(everywhere).lower() == "true":
            continue
        names = (release.value("controller", "ingressClassResource", "name") or "nginx", None)
        for item in model.items("Ingress", "networking.k8s.io"):
            own = item.get("spec", "ingressClassName") or item.annotations.get("kubernetes.io/ingress.class")
            named = own in names
            if item.cluster == release.cluster and named and str(item.annotations.get(key)).lower() != "true":
                text = f"{item.title} does not set service-upstream, but {release.title} is meshed"
                yield Hit(item.at("metadata"), text, subject=item.title)


@rule(
    "MW610",
    "native-lb-headless",
    "Traefik cannot use the address of a headless Service",
    why="With nativeLB Traefik sends to the Service's cluster IP. A headless Service has none, so Traefik "
    "logs an error and does not serve the route.",
    fix="remove nativeLB for this Service, or set nativeLB: false where the chart sets it by default",
    source="traefik v3.7.13, pkg/provider/kubernetes, getNativeServiceAddress",
)
def native_lb_headless(model: Model) -> Iterator[Hit]:
    for item in model.items("Service", ""):
        if item.get("spec", "clusterIP") == "None" and str(item.annotations.get(_NATIVE)).lower() == "true":
            at = item.at("metadata", "annotations", _NATIVE)
            yield Hit(at, f"{item.title} is headless, but sets {_NATIVE}", subject=item.title)
    for route in (item for kind in _ROUTES for item in model.items(kind)):
        default = model.once(_native_by_default).get(route.cluster, "")
        for number, entry in enumerate(route.list("spec", "routes")):
            services = items_of(entry.get("services")) if isinstance(entry, dict) else []
            for index, service in enumerate(services):
                if not isinstance(service, dict) or not _is_headless(model, route, service):
                    continue
                own = service.get("nativeLB")
                if own is True or (own is None and default):
                    who = "it" if own else default
                    text = f"{route.title} leads to headless Service '{service.get('name')}', but {who} sets nativeLB"
                    here = route.at("spec", "routes", number, "services", index)
                    yield Hit(here, text, subject=route.title)


# source: traefik v3.7.13, pkg/provider/kubernetes/crd: kubernetes_http.go, kubernetes_tcp.go, kubernetes_udp.go.
_ROUTES = ("IngressRoute", "IngressRouteTCP", "IngressRouteUDP")


def _native_by_default(model: Model) -> dict[str, str]:
    """Cluster -> what sets providers.kubernetesCRD.nativeLBByDefault of its Traefik."""
    pointer = ("providers", "kubernetesCRD", "nativeLBByDefault")
    found = {
        release.cluster: release.title
        for release in model.charts("traefik")
        if release.value(*pointer) is True
    }
    for item in _chart_configs(model):
        if item.name == "traefik" and _value(_values(item), *pointer) is True:
            found[item.cluster] = item.title
    return found
