"""CRDs that nothing installs, or that do not serve the version that Linkerd reads."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from meshwright.check.model.index import CONTROL_PLANE, Model
from meshwright.check.order.helmfile import charts_of_helmfiles
from meshwright.check.rules.rule import Absence, Hit, Severity, rule

_CERTS = ("Certificate", "Issuer", "ClusterIssuer")


def _has_definitions(model: Model, cluster: str, group: str) -> bool:
    return any(
        item.cluster == cluster and item.get("spec", "group") == group
        for item in model.items("CustomResourceDefinition")
    )


def _installed_otherwise(model: Model, cluster: str) -> frozenset[str]:
    """The charts that neither Flux nor Argo CD installs: those of helmfiles and of k3s' HelmCharts."""
    charts = (item for item in model.items("HelmChart", "helm.cattle.io") if item.cluster == cluster)
    names = {posixpath.basename(str(item.get("spec", "chart") or "")) for item in charts}
    return model.once(_of_helmfiles) | names


def _of_helmfiles(model: Model) -> frozenset[str]:
    return charts_of_helmfiles(model.files)


@rule(
    "MW635",
    "linkerd-crds-missing",
    "The control plane is installed without its CRDs",
    why="The controllers read Server, AuthorizationPolicy and ServiceProfile at startup. Without the CRDs "
    "they do not become ready.",
    fix="install chart linkerd-crds of the same version before it",
    source="linkerd2 pkg/healthcheck, l5d-existence-crd",
    severity=Severity.WARNING,
)
def no_linkerd_crds(model: Model) -> Iterator[Hit]:
    for release in model.charts(CONTROL_PLANE):
        cluster = release.cluster
        if model.charts("linkerd-crds", cluster) or "linkerd-crds" in _installed_otherwise(model, cluster):
            continue
        if not _has_definitions(model, cluster, "policy.linkerd.io"):
            text = f"{release.title} installs {CONTROL_PLANE}, but nothing installs linkerd-crds"
            absent = Absence(cluster, ("CustomResourceDefinition", "HelmRelease"), "")
            yield Hit(release.position, text, subject=release.title, absent=absent)


@rule(
    "MW636",
    "cert-manager-crds-missing",
    "cert-manager is installed without its CRDs",
    why="The chart installs no CRDs by default, so every Certificate and Issuer here is rejected.",
    fix="set crds.enabled: true",
    source="cert-manager chart values.yaml, crds.enabled: false by default",
)
def no_cert_manager_crds(model: Model) -> Iterator[Hit]:
    for release in model.charts("cert-manager"):
        cluster = release.cluster
        on = release.value("crds", "enabled") is True or release.value("installCRDs") is True
        if on or not release.complete or "cert-manager" in _installed_otherwise(model, cluster):
            continue
        if _has_definitions(model, cluster, "cert-manager.io") or model.charts("cert-manager-crds", cluster):
            continue
        users = [item for kind in _CERTS for item in model.items(kind, "cert-manager.io")]
        users = [item for item in users if item.cluster == cluster]
        if users:
            text = f"{release.title} installs no CRDs, but {users[0].title} ({users[0].at()}) needs them"
            absent = Absence(cluster, ("CustomResourceDefinition",), "")
            yield Hit(release.position, text, subject=release.title, absent=absent)


@rule(
    "MW426",
    "route-crd-without-v1alpha2",
    "The CRD of a TLSRoute or TCPRoute does not serve v1alpha2",
    why="Linkerd reads these two kinds only as v1alpha2. Newer bundles of the Gateway API serve only v1, "
    "and Linkerd then ignores the route without an error.",
    fix="install a bundle that serves v1alpha2, such as v1.4.1 of the experimental channel",
    source="linkerd2#15584; Gateway API v1.5 and v1.6 release notes",
    since="2025.4.4",
)
def unseen_routes(model: Model) -> Iterator[Hit]:
    for kind in ("TLSRoute", "TCPRoute"):
        for definition in model.items("CustomResourceDefinition"):
            names = definition.mapping("spec", "names")
            if names.get("kind") != kind or definition.get("spec", "group") != "gateway.networking.k8s.io":
                continue
            versions = [entry for entry in definition.list("spec", "versions") if isinstance(entry, dict)]
            if any(entry.get("name") == "v1alpha2" and entry.get("served") is True for entry in versions):
                continue
            for route in model.items(kind, "gateway.networking.k8s.io"):
                parents = [ref for ref in route.list("spec", "parentRefs") if isinstance(ref, dict)]
                if route.cluster == definition.cluster and any(
                    ref.get("kind") == "Service" for ref in parents
                ):
                    text = f"{route.title} is attached to a Service, but {definition.title} ({definition.at()}) does not serve v1alpha2"
                    yield Hit(route.at("apiVersion"), text, subject=route.title)
