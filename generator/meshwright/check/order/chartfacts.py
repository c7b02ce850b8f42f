"""What well-known charts provide and need, as far as it affects order; charts are not downloaded to find out.

source: the charts in the versions that the template pins, and the default values of the newest versions of
the others in 2026; API groups rarely change, so they are used for any version.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from meshwright.check.model.releases import ChartRelease
from meshwright.yaml.pointer import mapping_of

_Condition = Callable[[ChartRelease], bool]


def _always(_: ChartRelease) -> bool:
    return True


def _unless_disabled(*pointer: str) -> _Condition:
    """True unless the value is false."""
    return lambda release: release.value(*pointer) is not False


def _if_enabled(*pointer: str) -> _Condition:
    """True only if the value is true."""
    return lambda release: release.value(*pointer) is True


@dataclass(frozen=True)
class ChartFacts:
    """``groups`` are the API groups of its CRDs, if ``with_kinds`` holds; ``guards`` are the groups whose
    objects are refused until its webhook answers. ``uses`` are the groups of its own objects.
    ``meshed`` means that its pods must have a proxy.
    """

    groups: tuple[str, ...] = ()
    guards: tuple[str, ...] = ()
    uses: Callable[[ChartRelease], tuple[str, ...]] = lambda _: ()
    with_kinds: _Condition = _always
    meshed: bool = False


_CERT_MANAGER = ("cert-manager.io", "acme.cert-manager.io")
_MONITORING = ("monitoring.coreos.com",)
_POLICY = ("policy.linkerd.io",)
GATEWAY = "gateway.networking.k8s.io"
# Charts with a crds/ folder, which Helm installs once, and not at all when it is told to skip it.
CRDS_FOLDER = frozenset({"gateway-helm", "kube-prometheus-stack", "traefik", "velero"})


def _cert_manager_crds(release: ChartRelease) -> bool:
    return release.value("crds", "enabled") is True or release.value("installCRDs") is True


def _trust_manager_uses(release: ChartRelease) -> tuple[str, ...]:
    own = release.value("app", "webhook", "tls", "helmCert", "enabled") is True
    return () if own else _CERT_MANAGER


def _control_plane_uses(release: ChartRelease) -> tuple[str, ...]:
    return _MONITORING if release.value("podMonitor", "enabled") is True else ()


_ISTIO = ("extensions.istio.io", "networking.istio.io", "security.istio.io", "telemetry.istio.io")

FACTS: dict[str, ChartFacts] = {
    "cert-manager": ChartFacts(_CERT_MANAGER, _CERT_MANAGER, with_kinds=_cert_manager_crds),
    "trust-manager": ChartFacts(
        ("trust.cert-manager.io",),
        ("trust.cert-manager.io",),
        _trust_manager_uses,
        _unless_disabled("crds", "enabled"),
    ),
    "linkerd-crds": ChartFacts(("policy.linkerd.io", "linkerd.io", "workload.linkerd.io")),
    "linkerd-control-plane": ChartFacts(uses=_control_plane_uses),
    "linkerd-viz": ChartFacts(uses=lambda _: _POLICY, meshed=True),
    "linkerd-jaeger": ChartFacts(uses=lambda _: _POLICY, meshed=True),
    "linkerd-multicluster": ChartFacts(("multicluster.linkerd.io",), uses=lambda _: _POLICY, meshed=True),
    "prometheus-operator-crds": ChartFacts(_MONITORING),
    "kube-prometheus-stack": ChartFacts(_MONITORING, with_kinds=_unless_disabled("crds", "enabled")),
    "traefik": ChartFacts(("traefik.io",)),
    "traefik-crds": ChartFacts(("traefik.io",)),
    "external-secrets": ChartFacts(
        ("external-secrets.io", "generators.external-secrets.io"),
        ("external-secrets.io",),
        with_kinds=_unless_disabled("installCRDs"),
    ),
    "metallb": ChartFacts(("metallb.io",), ("metallb.io",), with_kinds=_unless_disabled("crds", "enabled")),
    "kyverno": ChartFacts(
        ("kyverno.io", "policies.kyverno.io"), with_kinds=_unless_disabled("crds", "install")
    ),
    "cloudnative-pg": ChartFacts(
        ("postgresql.cnpg.io",), ("postgresql.cnpg.io",), with_kinds=_unless_disabled("crds", "create")
    ),
    "longhorn": ChartFacts(("longhorn.io",)),
    "velero": ChartFacts(("velero.io",)),
    "sealed-secrets": ChartFacts(("bitnami.com",)),
    "keda": ChartFacts(("keda.sh",), with_kinds=_unless_disabled("crds", "install")),
    "rook-ceph": ChartFacts(("ceph.rook.io",), with_kinds=_unless_disabled("crds", "enabled")),
    "eck-operator": ChartFacts(
        (
            "elasticsearch.k8s.elastic.co",
            "kibana.k8s.elastic.co",
            "apm.k8s.elastic.co",
            "beat.k8s.elastic.co",
            "agent.k8s.elastic.co",
        ),
        with_kinds=_unless_disabled("installCRDs"),
    ),
    "volsync": ChartFacts(("volsync.backube",), with_kinds=_unless_disabled("manageCRDs")),
    "grafana-operator": ChartFacts(("grafana.integreatly.org",)),
    "node-feature-discovery": ChartFacts(("nfd.k8s-sigs.io",)),
    "flagger": ChartFacts(("flagger.app",), with_kinds=_if_enabled("crd", "create")),
    "snapshot-controller": ChartFacts(("snapshot.storage.k8s.io",)),
    # Istio's; other charts have this name, too.
    "base": ChartFacts(_ISTIO, with_kinds=lambda release: "istio" in release.repository),
    "gateway-helm": ChartFacts((GATEWAY, "gateway.envoyproxy.io")),
}


def skips_crds(release: ChartRelease) -> bool:
    """Whether the engine is told not to install the chart's crds/ folder."""
    if release.built is not None:
        install = mapping_of(mapping_of(release.built.data.get("spec")).get("install"))
        return install.get("crds") == "Skip"
    sources = release.application.sources if release.application is not None else []
    return any(
        source.chart == release.chart.name and mapping_of(source.data.get("helm")).get("skipCrds") is True
        for source in sources
    )
