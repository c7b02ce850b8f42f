"""cert-manager's objects for the rules: what creates a Secret, and what signs a certificate."""

from __future__ import annotations

import re
from collections.abc import Iterator

from meshwright.check.model.index import CONTROL_PLANE, Item, Model
from meshwright.check.model.releases import ChartRelease
from meshwright.yaml.pointer import scalars

GROUP = "cert-manager.io"
ISSUER_SECRET = "linkerd-identity-issuer"
TRUST_ROOTS = "linkerd-identity-trust-roots"
# The first version that makes a new key at each renewal by default.
_ALWAYS_SINCE = (1, 18)
# Kinds from which a Secret is created in the cluster, with the pointer to its name.
_SECRET_SOURCES = (
    ("Secret", ("metadata", "name")),
    ("Certificate", ("spec", "secretName")),
    ("SealedSecret", ("metadata", "name")),
    ("ExternalSecret", ("spec", "target", "name")),
)


def makers(model: Model, cluster: str, namespace: str, name: str) -> list[Item]:
    """Every object that creates a Secret of this name, or may do so through an unknown operator."""
    made = model.once(_makers_by_name).get((cluster, name), [])
    found = [item for item in made if item.namespace == namespace or _is_mirrored(item)]
    return found or model.once(_foreign_by_text).get((cluster, namespace, name), [])


def _makers_by_name(model: Model) -> dict[tuple[str, str], list[Item]]:
    """Objects by cluster and the name of the Secret that they create."""
    found: dict[tuple[str, str], list[Item]] = {}
    for kind, pointer in _SECRET_SOURCES:
        for item in model.items(kind):
            made = item.get(*pointer) or item.name
            if isinstance(made, str):
                found.setdefault((item.cluster, made), []).append(item)
    return found


def _foreign_by_text(model: Model) -> dict[tuple[str, str, str], list[Item]]:
    """Objects of unknown operators, by cluster, namespace and every text in their spec."""
    found: dict[tuple[str, str, str], list[Item]] = {}
    for item in model.all_items():
        if _is_foreign(item):
            for text in {text for _, text in scalars(item.spec) if isinstance(text, str)}:
                found.setdefault((item.cluster, item.namespace, text), []).append(item)
    return found


def _is_mirrored(item: Item) -> bool:
    """Whether a controller such as reflector or replicator copies the Secret to other namespaces."""
    keys = [*item.annotations, *item.mapping("spec", "secretTemplate", "annotations")]
    return any(word in str(key) for key in keys for word in ("reflector", "replicat", "kubed"))


def _is_foreign(item: Item) -> bool:
    """Whether the object belongs to an unknown operator."""
    group = item.built.group
    return (
        "." in group
        and not group.endswith((".k8s.io", ".linkerd.io", ".cert-manager.io"))
        and group
        not in (
            GROUP,
            "linkerd.io",
            "helm.toolkit.fluxcd.io",
            "kustomize.toolkit.fluxcd.io",
            "argoproj.io",
        )
    )


def certificates(model: Model, name: str) -> Iterator[Item]:
    """Every Certificate whose Secret has this name."""
    return iter(model.once(_certificates_by_secret).get(name, ()))


def linkerds_certificates(model: Model, name: str) -> Iterator[Item]:
    """Every Certificate whose Secret has this name in a control plane's namespace, or in any without one."""
    for item in certificates(model, name):
        homes = {release.namespace for release in model.charts(CONTROL_PLANE, item.cluster)}
        if not homes or homes & {item.namespace, ""}:
            yield item


def _certificates_by_secret(model: Model) -> dict[str, list[Item]]:
    found: dict[str, list[Item]] = {}
    for item in model.items("Certificate", GROUP):
        name = item.get("spec", "secretName")
        if isinstance(name, str):
            found.setdefault(name, []).append(item)
    return found


def issuer_of(model: Model, certificate: Item) -> tuple[str, Item | None]:
    """The title of a Certificate's issuer, and the issuer if the repository contains it."""
    reference = certificate.mapping("spec", "issuerRef")
    kind, name = str(reference.get("kind") or "Issuer"), str(reference.get("name") or "")
    namespace = "" if kind == "ClusterIssuer" else certificate.namespace
    title = f"{kind} {name}" if kind == "ClusterIssuer" else f"{kind} {certificate.namespace}/{name}"
    return title, model.find(certificate.cluster, kind, namespace, name)


def renews_key(model: Model, certificate: Item) -> tuple[bool, str] | None:
    """Whether a renewed Certificate gets a new key, and the words for why; None if nothing here tells.

    source: cert-manager 1.18 release notes: rotationPolicy is Always by default, Never before; the feature
    gate DefaultPrivateKeyRotationPolicyAlways.
    """
    policy = certificate.get("spec", "privateKey", "rotationPolicy")
    if policy in ("Always", "Never"):
        return policy == "Always", f"has rotationPolicy: {policy}"
    versions = [release.chart.version for release in model.charts("cert-manager", certificate.cluster)]
    found = (
        re.match(r"v?([0-9]+)\.([0-9]+)\.", versions[0]) if policy is None and len(versions) == 1 else None
    )
    if found is None:
        return None
    always = (int(found[1]), int(found[2])) >= _ALWAYS_SINCE and not _keeps_old_default(model, certificate)
    does = "makes a new key" if always else "keeps the key"
    return always, f"sets no rotationPolicy, and cert-manager {versions[0]} {does} by default"


def _keeps_old_default(model: Model, certificate: Item) -> bool:
    gate = "DefaultPrivateKeyRotationPolicyAlways"
    for release in model.charts("cert-manager", certificate.cluster):
        gates = str(release.value("featureGates") or "").replace(" ", "")
        if f"{gate}=false" in gates or release.value("config", "featureGates", gate) is False:
            return True
    return False


def control_planes(model: Model) -> Iterator[ChartRelease]:
    """Control planes whose values are completely known."""
    return (release for release in model.charts(CONTROL_PLANE) if release.complete)


def trust_bundles(model: Model) -> Iterator[Item]:
    """trust-manager's Bundles with Linkerd's trust roots."""
    for item in model.items("Bundle", "trust.cert-manager.io"):
        if item.name == TRUST_ROOTS:
            yield item


def cluster_resource_namespace(model: Model, cluster: str) -> str:
    """The namespace of ClusterIssuers' Secrets, by default cert-manager's own."""
    for release in model.charts("cert-manager", cluster):
        return str(release.value("clusterResourceNamespace") or release.namespace or "cert-manager")
    return "cert-manager"


def trust_namespace(model: Model, cluster: str) -> str:
    """The namespace of trust-manager's sources."""
    for release in model.charts("trust-manager", cluster):
        return str(release.value("app", "trust", "namespace") or "cert-manager")
    return "cert-manager"
