"""viz: its Prometheus, its addresses, and who can see the dashboard."""

from __future__ import annotations

import re
from collections.abc import Iterator

from meshwright.check.model.index import Item, Model
from meshwright.check.model.releases import ChartRelease
from meshwright.check.rules.rule import Hit, Severity, rule


def _viz(model: Model) -> Iterator[ChartRelease]:
    return (release for release in model.charts("linkerd-viz") if release.complete)


@rule(
    "MW511",
    "viz-prometheus-missing-or-doubled",
    "viz has no Prometheus, or two",
    why="Without its own it needs prometheusUrl, or the chart does not render; with both it installs one that "
    "nobody asks.",
    fix="set prometheus.enabled: false together with prometheusUrl, or neither",
    source="linkerd2 viz/charts/linkerd-viz/templates/metrics-api.yaml",
)
def viz_prometheus(model: Model) -> Iterator[Hit]:
    for release in _viz(model):
        url, own = release.value("prometheusUrl"), release.value("prometheus", "enabled") is not False
        if not own and not url:
            at = release.at("prometheus", "enabled")
            text = f"{release.title} has prometheus.enabled: false and no prometheusUrl"
            yield Hit(at, text, subject=release.title)
        elif own and url:
            text = f"{release.title} asks {url}, and installs a Prometheus of its own beside it"
            yield Hit(release.at("prometheusUrl"), text, subject=release.title, severity=Severity.WARNING)


@rule(
    "MW512",
    "viz-address-form",
    "A URL where viz wants a host, or a host where it wants a URL",
    why="grafana.url and jaegerUrl are host:port, put behind http:// by viz; grafana.externalUrl and "
    "prometheusUrl are whole URLs. The other form leads to links that go nowhere.",
    fix="write host:port, or the whole URL",
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
                text = f"{release.title} has {'.'.join(pointer)} '{value}', which is {'no URL' if whole else 'no host:port'}"
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
    "The dashboard is open to everybody who can reach it",
    why="viz has no authentication: who sees the dashboard sees every workload, and may tap what they say.",
    fix="put authentication in front, such as a BasicAuth Middleware",
    source="linkerd.io, Exposing Dashboards",
)
def open_dashboard(model: Model) -> Iterator[Hit]:
    for item, guarded in _dashboard_routes(model):
        if not guarded:
            yield Hit(
                item.at("spec"),
                f"{item.title} leads to viz' dashboard without authentication",
                subject=item.title,
            )


@rule(
    "MW514",
    "dashboard-host-check",
    "The dashboard refuses the host that it is asked by, or takes any",
    why="Unless enforcedHostRegexp names the public host, viz refuses it; .* takes any, and lets a DNS "
    "rebinding attack through.",
    fix="set dashboard.enforcedHostRegexp to ^the\\.host$, dots escaped",
    source="linkerd2 viz/charts/linkerd-viz/values.yaml, dashboard.enforcedHostRegexp",
)
def enforced_host(model: Model) -> Iterator[Hit]:
    for release in _viz(model):
        value = release.value("dashboard", "enforcedHostRegexp")
        if isinstance(value, str) and value.strip("^$") in (".*", ".+"):
            at = release.at("dashboard", "enforcedHostRegexp")
            text = f"{release.title} takes requests for any host"
            yield Hit(at, text, subject=release.title, severity=Severity.WARNING)
        if value:
            continue
        for item, _ in _dashboard_routes(model):
            if item.cluster == release.cluster:
                text = f"{item.title} leads to viz' dashboard, and {release.title} has no dashboard.enforcedHostRegexp"
                yield Hit(item.at("spec"), text, subject=item.title)


@rule(
    "MW515",
    "extension-label-duplicate",
    "Two namespaces say they are one extension",
    why="linkerd check and the CLI's commands take the first that they find.",
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
    "viz writes into a Namespace that Git owns",
    why="A Job after the installation patches labels and annotations onto the namespace, beside the manifest "
    "that has them already.",
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
                text = f"{release.title} patches {namespace.title} ({namespace.at()}) by a Job"
                yield Hit(release.position, text, subject=release.title)
