"""viz: its Prometheus, its addresses, and access to the dashboard."""

from __future__ import annotations

import re
from collections.abc import Iterator

from meshwright.check.model.index import Item, Model
from meshwright.check.model.publichosts import hosts_of
from meshwright.check.model.releases import ChartRelease
from meshwright.check.rules.rule import Hit, Severity, rule
from meshwright.patterns.regexp import PatternFault, compile_pattern


def _viz(model: Model) -> Iterator[ChartRelease]:
    return (release for release in model.charts("linkerd-viz") if release.complete)


@rule(
    "MW511",
    "viz-prometheus-missing-or-doubled",
    "viz has no Prometheus, or two",
    why="Without its own Prometheus the chart needs prometheusUrl, or it does not render. With both, it "
    "installs a Prometheus that nothing queries.",
    fix="set prometheus.enabled: false together with prometheusUrl, or neither",
    source="linkerd2 viz/charts/linkerd-viz/templates/metrics-api.yaml",
)
def viz_prometheus(model: Model) -> Iterator[Hit]:
    for release in _viz(model):
        url, own = release.value("prometheusUrl"), release.value("prometheus", "enabled") is not False
        if not own and not url:
            at = release.at("prometheus", "enabled")
            text = f"{release.title} sets prometheus.enabled: false, but no prometheusUrl"
            yield Hit(at, text, subject=release.title)
        elif own and url:
            text = f"{release.title} queries {url}, but also installs its own Prometheus"
            yield Hit(release.at("prometheusUrl"), text, subject=release.title, severity=Severity.WARNING)


@rule(
    "MW512",
    "viz-address-form",
    "viz expects a host and gets a URL, or the reverse",
    why="grafana.url and jaegerUrl are host:port, to which viz adds http://; grafana.externalUrl and "
    "prometheusUrl are full URLs. The other form produces broken links.",
    fix="write host:port, or the full URL",
    source="linkerd2 viz/charts/linkerd-viz/values.yaml",
)
def viz_addresses(model: Model) -> Iterator[Hit]:
    for release in model.charts("linkerd-viz"):
        for pointer, whole in (
            (("grafana", "url"), False),
            (("jaegerUrl",), False),
            (("grafana", "externalUrl"), True),
            (("prometheusUrl",), True),
        ):
            value = release.value(*pointer)
            if (
                isinstance(value, str)
                and value
                and not release.is_unknown(value)
                and ("://" in value) != whole
            ):
                text = f"{release.title} sets {'.'.join(pointer)} to '{value}', which is not {'a full URL' if whole else 'host:port'}"
                yield Hit(release.at(*pointer), text, subject=release.title)


def _dashboard_routes(model: Model) -> Iterator[tuple[Item, bool]]:
    """Routes to viz' web Service from outside, and whether something on them authenticates."""
    for release in model.charts("linkerd-viz"):
        for item in model.in_namespace(release.cluster, release.namespace):
            text = str(item.spec)
            if not re.search(r"'name': 'web'", text) or item.built.kind not in (
                "Ingress",
                "IngressRoute",
                "HTTPRoute",
            ):
                continue
            if item.built.kind == "Ingress":
                keys = " ".join(map(str, item.annotations))
                guarded = bool(re.search(r"auth|middlewares|oauth2", keys))
            elif item.built.kind == "IngressRoute":
                guarded = "'middlewares'" in text
            else:
                guarded = "ExtensionRef" in text
            yield item, guarded


@rule(
    "MW513",
    "dashboard-unauthenticated",
    "The dashboard is exposed without authentication",
    why="viz has no authentication of its own: anyone who can reach the dashboard sees every workload and "
    "can tap its traffic.",
    fix="put authentication in front of it, such as a BasicAuth Middleware",
    source="linkerd.io, Exposing Dashboards",
)
def open_dashboard(model: Model) -> Iterator[Hit]:
    for item, guarded in _dashboard_routes(model):
        if not guarded:
            yield Hit(
                item.at("spec"),
                f"{item.title} exposes viz' dashboard without authentication",
                subject=item.title,
            )


@rule(
    "MW514",
    "dashboard-host-check",
    "The dashboard rejects its public host, or accepts any host",
    why="viz rejects the public host unless enforcedHostRegexp matches it; .* accepts any host and allows "
    "DNS rebinding attacks.",
    fix="set dashboard.enforcedHostRegexp to its host with escaped dots, such as ^viz\\.example\\.org$",
    source="linkerd2 viz/charts/linkerd-viz/values.yaml, dashboard.enforcedHostRegexp; web/srv/server.go",
)
def enforced_host(model: Model) -> Iterator[Hit]:
    for release in _viz(model):
        value = release.value("dashboard", "enforcedHostRegexp")
        if isinstance(value, str) and value.strip("^$") in (".*", ".+"):
            at = release.at("dashboard", "enforcedHostRegexp")
            text = f"{release.title} accepts requests for any host"
            yield Hit(at, text, subject=release.title, severity=Severity.WARNING)
        for item, _ in _dashboard_routes(model):
            # ingress-nginx then sends a host of its own, which viz may know.
            rewritten = "nginx.ingress.kubernetes.io/upstream-vhost" in item.annotations
            if item.cluster != release.cluster or rewritten:
                continue
            if not value:
                text = f"{item.title} exposes viz' dashboard, but {release.title} sets no dashboard.enforcedHostRegexp"
                yield Hit(item.at("spec"), text, subject=item.title)
            elif isinstance(value, str):
                yield from _rejected_hosts(item, release, value)


def _rejected_hosts(item: Item, release: ChartRelease, expression: str) -> Iterator[Hit]:
    """The hosts of a route that viz rejects. source: linkerd2 web/srv/server.go, reHost.MatchString."""
    try:
        pattern = compile_pattern(expression)
    except PatternFault:
        return
    for host in hosts_of(item):
        known = "$" not in host.name and "*" not in host.name and not release.is_unknown(expression)
        if known and not pattern.found_in(host.name):
            at = release.at("dashboard", "enforcedHostRegexp")
            text = f"{item.title} serves viz' dashboard as {host.name}, which dashboard.enforcedHostRegexp of {release.title} ({at}) does not match"
            yield Hit(item.at(*host.pointer), text, subject=item.title)


@rule(
    "MW515",
    "extension-label-duplicate",
    "Two namespaces have the same extension label",
    why="linkerd check and the other commands of the CLI use the first namespace that they find.",
    fix="keep the label linkerd.io/extension on one of them",
    source="linkerd2 pkg/healthcheck, l5d-extension-namespaces",
)
def extension_twice(model: Model) -> Iterator[Hit]:
    first: dict[tuple[str, str], Item] = {}
    for item in model.items("Namespace", ""):
        name = item.labels.get("linkerd.io/extension")
        if not name:
            continue
        other = first.setdefault((item.cluster, str(name)), item)
        if other.name != item.name:
            at = item.at("metadata", "labels", "linkerd.io/extension")
            text = f"{item.title} and {other.title} ({other.at()}) both have linkerd.io/extension: {name}"
            yield Hit(at, text, subject=item.title)


@rule(
    "MW516",
    "extension-patches-namespace",
    "A chart patches a Namespace that Git manages",
    why="After the installation a Job patches labels and annotations onto the Namespace, whose manifest "
    "already has them.",
    fix="set createNamespaceMetadataJob: false",
    source="linkerd2 viz/charts/linkerd-viz/templates/namespace-metadata.yaml; linkerd2#10771",
    severity=Severity.WARNING,
)
def metadata_job(model: Model) -> Iterator[Hit]:
    for chart in ("linkerd-viz", "linkerd-multicluster"):
        for release in model.charts(chart):
            namespace = model.find(release.cluster, "Namespace", "", release.namespace)
            if namespace is None or not release.complete or "linkerd.io/extension" not in namespace.labels:
                continue
            if release.value("createNamespaceMetadataJob") is not False:
                text = f"{release.title} patches {namespace.title} ({namespace.at()}) with a Job"
                yield Hit(release.position, text, subject=release.title)
