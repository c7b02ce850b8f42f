"""The platform below the mesh: the Gateway API, the CNI plugin, and settings that all charts share."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from meshwright.check.model.certmanager import control_planes
from meshwright.check.model.gatewayapi import (
    GATEWAY_CHARTS,
    Owner,
    asked_by,
    brings_gateway_api,
    definitions,
    other_owners,
)
from meshwright.check.model.index import CONTROL_PLANE, Model
from meshwright.check.order.chartfacts import skips_crds
from meshwright.check.rules.rule import Absence, Engine, Hit, Severity, rule
from meshwright.yaml.pointer import items_of, mapping_of

_BUNDLE = "gateway.networking.k8s.io/bundle-version"
# source: linkerd.io, Gateway API: versions that 2.20 works with.
_OLDEST, _NEWEST = (1, 2, 1), (1, 5, 1)
_SHARED = (CONTROL_PLANE, "linkerd-viz", "linkerd-multicluster", "linkerd-jaeger")
_CNI = "linkerd2-cni"
_WEBHOOKS = "config.linkerd.io/admission-webhooks"
_KUSTOMIZE = "kustomize.toolkit.fluxcd.io"
_KEPT = (("prune", "disabled"), ("reconcile", "disabled"), ("ssa", "ignore"))


@rule(
    "MW621",
    "cni-plugin-missing",
    "The CNI plugin is enabled, but nothing installs it",
    why="With cniEnabled, pods get no linkerd-init. Without the plugin, every meshed pod waits in its "
    "network validator.",
    fix="install chart linkerd2-cni, or set cniEnabled: false",
    source="linkerd2 charts/linkerd-control-plane/values.yaml, cniEnabled",
)
def missing_cni(model: Model) -> Iterator[Hit]:
    for release in control_planes(model):
        if release.value("cniEnabled") is not True:
            continue
        daemons = [item.name for item in model.items("DaemonSet", "apps") if item.cluster == release.cluster]
        if not model.charts(_CNI, release.cluster) and not any("linkerd-cni" in name for name in daemons):
            at = release.at("cniEnabled")
            yield Hit(
                at,
                f"{release.title} sets cniEnabled: true, but nothing installs {_CNI}",
                subject=release.title,
                absent=Absence(release.cluster, ("DaemonSet", "HelmRelease")),
            )


@rule(
    "MW622",
    "cni-plugin-unused",
    "The CNI plugin is installed, but not enabled",
    why="Without cniEnabled every pod still gets linkerd-init, with the capabilities that the plugin makes "
    "unnecessary.",
    fix="set cniEnabled: true in linkerd-control-plane, or remove the plugin",
    source="linkerd2 charts/linkerd-control-plane/values.yaml, cniEnabled",
    severity=Severity.WARNING,
)
def idle_cni(model: Model) -> Iterator[Hit]:
    for plugin in model.charts(_CNI):
        for release in model.charts(CONTROL_PLANE, plugin.cluster):
            if release.complete and release.value("cniEnabled") is not True:
                text = f"{plugin.title} installs {_CNI}, but {release.title} does not set cniEnabled: true"
                yield Hit(plugin.position, text, subject=plugin.title)


@rule(
    "MW623",
    "cni-paths-k3s",
    "The CNI plugin writes to directories that k3s does not read",
    why="k3s keeps its CNI configuration and binaries below /var/lib/rancher; in the default directories "
    "the plugin is never called.",
    fix="set destCNINetDir: /var/lib/rancher/k3s/agent/etc/cni/net.d and destCNIBinDir: "
    "/var/lib/rancher/k3s/data/cni",
    source="linkerd2-proxy-init cni-plugin integration manifests; k3s#10868",
)
def cni_paths(model: Model) -> Iterator[Hit]:
    for plugin in model.charts(_CNI):
        k3s = [
            item
            for kind in ("HelmChartConfig", "HelmChart")
            for item in model.items(kind, "helm.cattle.io")
            if item.cluster == plugin.cluster
        ]
        if not k3s or not plugin.complete:
            continue
        for key in ("destCNINetDir", "destCNIBinDir"):
            if "/rancher/" not in str(plugin.value(key) or ""):
                text = f"{plugin.title} does not set {key} below /var/lib/rancher, but {k3s[0].title} ({k3s[0].at()}) is for k3s"
                yield Hit(plugin.at(key), text, subject=plugin.title)


@rule(
    "MW624",
    "gateway-api-two-owners",
    "The Gateway API CRDs have two owners",
    why="Helm refuses to install over objects of another owner, or each owner reverts the other's version. "
    "Bundle v1.5 also brings a policy that rejects older bundles.",
    fix="keep one owner; if the chart has installed them, migrate in two steps (Meshwright's docs/upgrade-gateway-api.md)",
    source="linkerd2#13334; k3s#11932; gateway-api v1.5.1 safe-upgrades; linkerd2 charts/linkerd-crds/values.yaml",
)
def two_owners(model: Model) -> Iterator[Hit]:
    for release in model.charts("linkerd-crds"):
        by = asked_by(release) if release.complete else ""
        owners = chain(other_owners(model, release.cluster), _gateways(model, release.cluster))
        for owner in owners if by else ():
            at = release.at(by) if by != "default" else release.position
            text = f"{release.title} installs the Gateway API CRDs, but {owner.title} ({owner.position}) "
            text += (
                "is one of them already" if owner.title.startswith("CustomResource") else "installs them too"
            )
            yield Hit(at, text, subject=release.title)
            break


def _gateways(model: Model, cluster: str) -> Iterator[Owner]:
    """Charts of gateways with the CRDs in their crds/ folder."""
    for name in GATEWAY_CHARTS:
        for release in model.charts(name, cluster):
            if brings_gateway_api(release) and not skips_crds(release):
                yield Owner(release.title, release.position)


@rule(
    "MW625",
    "gateway-api-version-unsupported",
    "Linkerd does not support this version of the Gateway API",
    why="Linkerd works only with certain versions of these kinds, and may ignore routes of another bundle "
    "without an error.",
    fix="install a bundle from v1.2.1 to v1.5.1, standard channel",
    source="linkerd.io, Gateway API, compatible versions; linkerd2#15584",
    severity=Severity.WARNING,
    since="2026.6.3",
)
def gateway_version(model: Model) -> Iterator[Hit]:
    told = set()
    for item in definitions(model):
        text = str(item.annotations.get(_BUNDLE, ""))
        found = re.match(r"v([0-9]+)\.([0-9]+)\.([0-9]+)", text)
        if not found or (item.cluster, text) in told or not model.charts(CONTROL_PLANE, item.cluster):
            continue
        version = (int(found[1]), int(found[2]), int(found[3]))
        if not _OLDEST <= version <= _NEWEST:
            told.add((item.cluster, text))
            at = item.at("metadata", "annotations", _BUNDLE)
            yield Hit(
                at,
                f"{item.title} is from bundle {text}, but Linkerd supports v1.2.1 to v1.5.1",
                subject=item.title,
            )


@rule(
    "MW626",
    "gateway-api-from-linkerd-chart",
    "Linkerd's chart installs the Gateway API CRDs",
    why="The chart contains bundle v1.1.1, which is older than Linkerd itself requires. Uninstalling the release "
    "deletes the CRDs, and with them every route.",
    fix="install the Gateway API from its own releases, and set installGatewayAPI: false",
    source="linkerd2 charts/linkerd-crds at edge-26.8.3; 105b61d49",
    severity=Severity.WARNING,
    since="2025.9.4",
)
def bundled_gateway(model: Model) -> Iterator[Hit]:
    for release in model.charts("linkerd-crds"):
        if release.value("installGatewayAPI") is True:
            at = release.at("installGatewayAPI")
            yield Hit(at, f"{release.title} sets installGatewayAPI: true", subject=release.title)


@rule(
    "MW627",
    "cluster-domain-mismatch",
    "Linkerd's charts have different cluster domains",
    why="Identities contain the trust domain, so a component with another domain is rejected by all others.",
    fix="set the same clusterDomain and identityTrustDomain in all of Linkerd's charts",
    source="linkerd2 values.yaml of control plane, viz and multicluster",
)
def domains(model: Model) -> Iterator[Hit]:
    for cluster in model.clusters:
        leaders = [release for release in model.charts(CONTROL_PLANE, cluster) if release.complete]
        for name in _SHARED[1:] if leaders else ():
            for release in model.charts(name, cluster):
                leader = leaders[0]
                for key in ("clusterDomain", "identityTrustDomain"):
                    domain = leader.value("clusterDomain") or "cluster.local"
                    theirs = leader.value(key) or domain
                    ours = release.value(key) or release.value("clusterDomain") or "cluster.local"
                    if release.complete and ours != theirs:
                        text = f"{release.title} has {key} '{ours}', but {leader.title} has '{theirs}'"
                        yield Hit(release.at(key), text, subject=release.title)
                        break


@rule(
    "MW628",
    "extension-in-linkerd-namespace",
    "An extension is installed in Linkerd's own namespace",
    why="This is not supported: labels, policy and checks assume that the namespace contains only the "
    "control plane.",
    fix="install it in a namespace of its own, such as linkerd-viz",
    source="linkerd.io, Using extensions",
)
def extension_namespace(model: Model) -> Iterator[Hit]:
    for name in _SHARED[1:]:
        for release in model.charts(name):
            for leader in model.charts(CONTROL_PLANE, release.cluster):
                if release.namespace and release.namespace == leader.namespace:
                    text = f"{release.title} installs {name} in {release.namespace}, the namespace of {leader.title}"
                    yield Hit(release.position, text, subject=release.title)


@rule(
    "MW629",
    "chart-discontinued",
    "A chart is discontinued",
    why="The jaeger extension ended with edge-25.10.1 and chart linkerd2 with stable-2.12; there are no "
    "newer versions.",
    fix="set proxy.tracing in linkerd-control-plane; replace linkerd2 with linkerd-crds and "
    "linkerd-control-plane",
    source="linkerd.io, Jaeger extension migration; Upgrading Linkerd, 2.12",
)
def ended_charts(model: Model) -> Iterator[Hit]:
    for name in ("linkerd-jaeger", "linkerd2"):
        for release in model.charts(name):
            if name == "linkerd-jaeger" or "linkerd.io" in release.repository:
                yield Hit(
                    release.position,
                    f"{release.title} installs chart {name}, which is discontinued",
                    subject=release.title,
                )


@rule(
    "MW630",
    "linkerd-crds-prunable",
    "Removing a file would delete every policy",
    why="If the HelmRelease is pruned, the CRDs of linkerd-crds are deleted with it, and every Server, "
    "policy and ServiceProfile with them.",
    fix="annotate the HelmRelease with kustomize.toolkit.fluxcd.io/prune: disabled; deletionPolicy only counts "
    "when the Kustomization itself is deleted",
    source="linkerd2 charts/linkerd-crds/templates; fluxcd kustomize-controller, prune, deleteObjects and finalize",
    engine=Engine.FLUX,
    severity=Severity.WARNING,
)
def prunable_crds(model: Model) -> Iterator[Hit]:
    for release in model.charts("linkerd-crds"):
        kustomization = release.root.kustomization if release.root is not None else None
        if release.built is None or kustomization is None or _is_kept(release.built.metadata):
            continue
        spec = kustomization.spec
        if spec.get("prune") is True:
            text = f"{release.title} is pruned by {kustomization.title} if its file is removed"
        elif spec.get("deletionPolicy") in ("Delete", "WaitForTermination"):
            text = f"{release.title} is deleted with {kustomization.title} if the file of that one is removed"
        else:
            continue
        yield Hit(release.position, text, subject=release.title)


def _is_kept(metadata: Mapping[str, Any]) -> bool:
    """Whether kustomize-controller leaves an object alone when it prunes.

    source: kustomize-controller, deleteObjects; fluxcd/pkg ssa, which reads labels and annotations.
    """
    given = {**mapping_of(metadata.get("labels")), **mapping_of(metadata.get("annotations"))}
    return any(str(given.get(f"{_KUSTOMIZE}/{key}")).lower() == value for key, value in _KEPT)


@rule(
    "MW631",
    "fail-closed-without-replicas",
    "The webhooks fail closed with a single replica",
    why="With webhookFailurePolicy: Fail and one replica, no pod can start while that replica is down.",
    fix="copy the chart's values-ha.yaml: controllerReplicas, enablePodAntiAffinity, "
    "enablePodDisruptionBudget",
    source="linkerd2 charts/linkerd-control-plane/values-ha.yaml",
    severity=Severity.WARNING,
)
def half_available(model: Model) -> Iterator[Hit]:
    for release in control_planes(model):
        if release.value("webhookFailurePolicy") != "Fail":
            continue
        replicas = release.value("controllerReplicas")
        if not isinstance(replicas, int) or replicas < 2:
            at = release.at("webhookFailurePolicy")
            text = f"{release.title} has webhookFailurePolicy: Fail, but only {replicas or 1} replica"
            yield Hit(at, text, subject=release.title)


@rule(
    "MW632",
    "namespace-labels-missing",
    "The engine creates a namespace without Linkerd's labels",
    why="Linkerd's charts do not create their namespace. Without the labels for Pod Security privileged and "
    "admission-webhooks disabled, the control plane may be rejected, or its own injector may be called "
    "for its pods.",
    fix="write a Namespace manifest with the labels, and remove createNamespace",
    source="linkerd2 charts/linkerd-control-plane/templates/namespace.yaml, for the CLI alone",
    severity=Severity.WARNING,
)
def bare_namespace(model: Model) -> Iterator[Hit]:
    for release in (*model.charts(CONTROL_PLANE), *model.charts(_CNI)):
        if not release.namespace or model.find(release.cluster, "Namespace", "", release.namespace):
            continue
        spec = release.built.data.get("spec") if release.built is not None else None
        install = spec.get("install") if isinstance(spec, dict) else None
        flux = isinstance(install, dict) and install.get("createNamespace") is True
        policy = mapping_of(release.application.spec.get("syncPolicy")) if release.application else {}
        managed = mapping_of(mapping_of(policy.get("managedNamespaceMetadata")).get("labels"))
        argo = "CreateNamespace=true" in items_of(policy.get("syncOptions"))
        if flux or (argo and managed.get(_WEBHOOKS) != "disabled"):
            text = f"{release.title} lets the engine create namespace {release.namespace} without Linkerd's labels"
            yield Hit(release.position, text, subject=release.title)
