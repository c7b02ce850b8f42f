"""The owners of the Gateway API's CRDs: Linkerd's chart, manifests, or a folder of another repository."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from meshwright.argocd.application import Application
from meshwright.check.model.index import Item, Model
from meshwright.check.model.releases import ChartRelease
from meshwright.errors import Position
from meshwright.linkerd.upgrades import read_version
from meshwright.linkerd.version import EdgeRelease

GROUP = "gateway.networking.k8s.io"
CHART = "linkerd-crds"
# The chart marks its CRDs with helm.sh/resource-policy: keep. source: linkerd2 7b1cdb99c.
KEPT_SINCE = EdgeRelease(2025, 3, 1)
# The chart installs them only on request. source: linkerd2 105b61d49.
ASKED_SINCE = EdgeRelease(2025, 9, 4)
# enable*Routes override installGatewayAPI. source: linkerd2 f09def489.
_TERNARY_SINCE = EdgeRelease(2025, 3, 2)
# Value -> the first edge whose chart has it. source: linkerd2 b7e0be6e6, 3e2f31dc7.
ROUTES = {
    "enableHttpRoutes": EdgeRelease(2023, 7, 1),
    "enableTlsRoutes": EdgeRelease(2024, 10, 4),
    "enableTcpRoutes": EdgeRelease(2024, 10, 4),
}
_UPSTREAM = "kubernetes-sigs/gateway-api"
# source: traefik-helm-chart README, #1669; Envoy Gateway's chart, charts/gateway-helm/crds.
_TRAEFIK_WITH, _TRAEFIK_WITHOUT = 29, 40
_GATEWAYS = frozenset({"gateway-helm", "gateway-crds-helm"})
GATEWAY_CHARTS = ("gateway-helm", "traefik")


@dataclass(frozen=True)
class Owner:
    """Something in the repository that installs the CRDs."""

    title: str
    position: Position


def chart_version(release: ChartRelease) -> EdgeRelease | None:
    """The edge of a release of linkerd-crds; None if its version is not an edge."""
    return read_version(release.chart.version, CHART)


def asked_by(release: ChartRelease) -> str:
    """The value that makes linkerd-crds install any of the CRDs.

    ``default`` if no value is set and the version installs them by default; empty if it installs none. For
    an unknown version, the newest default applies.
    """
    version = chart_version(release) or ASKED_SINCE
    whole = release.value("installGatewayAPI")
    if whole is None or version < KEPT_SINCE:
        whole = version < ASKED_SINCE
    for key, since in ROUTES.items():
        value = release.value(key)
        # In two releases, false counted as not set.
        unset = value is None or (value is False and KEPT_SINCE <= version < _TERNARY_SINCE)
        if version >= since and (whole if unset else value):
            given = "installGatewayAPI" if unset else key
            return given if release.has(given) else "default"
    return ""


def other_owners(model: Model, cluster: str) -> Iterator[Owner]:
    """Owners other than Linkerd's chart: CRDs in manifests, then folders of the upstream repository."""
    for item in definitions(model):
        if item.cluster == cluster:
            yield Owner(item.title, item.at())
            break
    sources = {
        (item.built.namespace, item.name)
        for kind in ("GitRepository", "OCIRepository")
        for item in model.items(kind, "source.toolkit.fluxcd.io")
        if item.cluster == cluster and _UPSTREAM in str(item.get("spec", "url"))
    }
    for item in model.items("Kustomization", "kustomize.toolkit.fluxcd.io"):
        reference = item.mapping("spec", "sourceRef")
        named = (str(reference.get("namespace") or item.built.namespace), str(reference.get("name")))
        if item.cluster == cluster and named in sources:
            yield Owner(item.title, item.at("spec", "sourceRef"))
    for item in model.items("Application", "argoproj.io"):
        many = [source for source in item.list("spec", "sources") if isinstance(source, dict)]
        urls = [str(source.get("repoURL")) for source in (item.mapping("spec", "source"), *many)]
        place = Application(item.built, item.files).place(item.cluster)
        if place == cluster and any(_UPSTREAM in url for url in urls):
            yield Owner(item.title, item.at("spec", "source", "repoURL"))


def may_come_along(model: Model, cluster: str) -> bool:
    """Whether k3s or the chart of a gateway may install them implicitly."""
    for kind in ("HelmChartConfig", "HelmChart"):
        if any(item.cluster == cluster for item in model.items(kind, "helm.cattle.io")):
            return True
    for release in model.releases:
        name, major = release.chart.name, release.chart.version.lstrip("v").partition(".")[0]
        old = name == "traefik" and not (major.isdigit() and int(major) >= _TRAEFIK_WITHOUT)
        if release.cluster == cluster and (old or name in _GATEWAYS):
            return True
    return False


def brings_gateway_api(release: ChartRelease) -> bool:
    """Whether the chart of a gateway certainly has the CRDs of the Gateway API in its folder crds/."""
    if release.chart.name == "gateway-helm":
        return True
    major = release.chart.version.lstrip("v").partition(".")[0]
    return major.isdigit() and _TRAEFIK_WITH <= int(major) < _TRAEFIK_WITHOUT


def definitions(model: Model) -> Iterator[Item]:
    """CRDs of the Gateway API in the manifests."""
    for item in model.items("CustomResourceDefinition"):
        if item.get("spec", "group") == GROUP:
            yield item


def mesh_routes(model: Model, cluster: str) -> Iterator[Item]:
    """Routes of the Gateway API that Linkerd uses: their parent is a Service or an EgressNetwork."""
    for kind in ("HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute"):
        for item in model.items(kind, GROUP):
            parents = [parent for parent in item.list("spec", "parentRefs") if isinstance(parent, dict)]
            if item.cluster == cluster and any(
                it.get("kind") in ("Service", "EgressNetwork") for it in parents
            ):
                yield item
