"""Which kinds have a namespace: Kubernetes' own, and those of projects that applications often use."""

from __future__ import annotations

from collections.abc import Iterable

from meshwright.apps.base.plain import CLUSTER_SCOPED
from meshwright.apps.podowners import pod_owner
from meshwright.manifests.unit import BuiltObject

# Group -> its kinds without a namespace. source: spec.scope of the projects' CustomResourceDefinitions.
_GROUPS: dict[str, frozenset[str]] = {
    "": frozenset({"ComponentStatus"}),
    "apps": frozenset(),
    "autoscaling": frozenset(),
    "batch": frozenset(),
    "bitnami.com": frozenset(),
    "cert-manager.io": frozenset({"ClusterIssuer"}),
    "coordination.k8s.io": frozenset(),
    "discovery.k8s.io": frozenset(),
    "external-secrets.io": frozenset({"ClusterExternalSecret", "ClusterPushSecret", "ClusterSecretStore"}),
    "gateway.networking.k8s.io": frozenset({"GatewayClass"}),
    "helm.toolkit.fluxcd.io": frozenset(),
    "image.toolkit.fluxcd.io": frozenset(),
    "k8s.mariadb.com": frozenset(),
    "kustomize.toolkit.fluxcd.io": frozenset(),
    "linkerd.io": frozenset(),
    "monitoring.coreos.com": frozenset(),
    "networking.k8s.io": frozenset({"IPAddress", "ServiceCIDR"}),
    "notification.toolkit.fluxcd.io": frozenset(),
    "policy": frozenset({"PodSecurityPolicy"}),
    "policy.linkerd.io": frozenset(),
    "postgresql.cnpg.io": frozenset({"ClusterImageCatalog"}),
    "rbac.authorization.k8s.io": frozenset(),
    "secrets-store.csi.x-k8s.io": frozenset(),
    "source.toolkit.fluxcd.io": frozenset(),
    "traefik.io": frozenset(),
    "volsync.backube": frozenset(),
}


def is_namespaced(item: BuiltObject) -> bool | None:
    """Whether objects of this kind have a namespace; None if the kind is unknown."""
    if (item.group, item.kind) in CLUSTER_SCOPED:
        return False
    if item.group in _GROUPS:
        return item.kind not in _GROUPS[item.group]
    return True if pod_owner(item) else None


def without_namespace(objects: Iterable[BuiltObject]) -> list[BuiltObject]:
    """The objects that must have a namespace, and have none."""
    return [item for item in objects if not item.namespace and is_namespaced(item)]


def can_be_moved(objects: Iterable[BuiltObject], home: str) -> bool:
    """Whether setting the namespace ``home`` on every object changes only those that lack one."""
    for item in objects:
        if item.namespace not in ("", home):
            return False
        if item.kind == "Namespace" and not item.group and item.name != home:
            return False
        # kustomize gives a namespace to every kind that it does not know.
        if is_namespaced(item) is False and (item.group, item.kind) not in CLUSTER_SCOPED:
            return False
    return True
