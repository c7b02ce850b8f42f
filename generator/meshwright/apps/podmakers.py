"""Custom resources that may create pods in a way that Meshwright does not know."""

from __future__ import annotations

from collections.abc import Iterator

from meshwright.apps.podowners import pod_owner
from meshwright.manifests.unit import BuiltObject

# The groups of Kubernetes' own kinds; those that create pods are in podowners.py.
_BUILT_IN = frozenset({"", "apps", "batch", "autoscaling", "policy"})
_BUILT_IN_SUFFIX = ".k8s.io"
# Groups and kinds of which no object creates pods. source: the projects' own references.
_NO_PODS = frozenset(
    {
        "acme.cert-manager.io",
        "bitnami.com",
        "cert-manager.io",
        "cilium.io",
        "external-secrets.io",
        "gateway.envoyproxy.io",
        "generators.external-secrets.io",
        "k8s.cni.cncf.io",
        "onepassword.com",
        "flagger.app",
        "helm.toolkit.fluxcd.io",
        "image.toolkit.fluxcd.io",
        "kustomize.toolkit.fluxcd.io",
        "kyverno.io",
        "linkerd.io",
        "metallb.io",
        "multicluster.linkerd.io",
        "notification.toolkit.fluxcd.io",
        "policy.linkerd.io",
        "projectcalico.org",
        "source.toolkit.fluxcd.io",
        "traefik.containo.us",
        "traefik.io",
        "trust.cert-manager.io",
    }
)
_NO_PODS_KINDS = frozenset(
    {
        ("argoproj.io", "AppProject"),
        ("argoproj.io", "Application"),
        ("argoproj.io", "ApplicationSet"),
        ("argoproj.io", "AnalysisTemplate"),
        ("argoproj.io", "ClusterAnalysisTemplate"),
        ("argoproj.io", "Rollout"),
        ("grafana.integreatly.org", "GrafanaDashboard"),
        ("grafana.integreatly.org", "GrafanaDatasource"),
        ("grafana.integreatly.org", "GrafanaFolder"),
        ("k8s.mariadb.com", "Connection"),
        ("k8s.mariadb.com", "Database"),
        ("k8s.mariadb.com", "Grant"),
        ("k8s.mariadb.com", "User"),
        ("kafka.strimzi.io", "KafkaTopic"),
        ("kafka.strimzi.io", "KafkaUser"),
        ("keda.sh", "ClusterTriggerAuthentication"),
        ("keda.sh", "ScaledObject"),
        ("keda.sh", "TriggerAuthentication"),
        ("monitoring.coreos.com", "AlertmanagerConfig"),
        ("monitoring.coreos.com", "PodMonitor"),
        ("monitoring.coreos.com", "Probe"),
        ("monitoring.coreos.com", "PrometheusRule"),
        ("monitoring.coreos.com", "ScrapeConfig"),
        ("monitoring.coreos.com", "ServiceMonitor"),
        ("postgresql.cnpg.io", "Backup"),
        ("postgresql.cnpg.io", "Database"),
        ("postgresql.cnpg.io", "Publication"),
        ("postgresql.cnpg.io", "ScheduledBackup"),
        ("postgresql.cnpg.io", "Subscription"),
    }
)


def unknown_makers(objects: tuple[BuiltObject, ...]) -> Iterator[BuiltObject]:
    """Objects whose operator may create pods, such as an Argo Rollout."""
    for item in objects:
        if is_built_in(item) or pod_owner(item) is not None or item.group in _NO_PODS:
            continue
        if (item.group, item.kind) not in _NO_PODS_KINDS:
            yield item


def is_built_in(item: BuiltObject) -> bool:
    """Whether Kubernetes itself has the kind."""
    return item.group in _BUILT_IN or item.group.endswith(_BUILT_IN_SUFFIX)
