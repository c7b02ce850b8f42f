"""cert-manager's objects as rules look at them: who makes a Secret, and who signs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from meshwright.check.model.index import CONTROL_PLANE, Item, Model
from meshwright.check.model.releases import ChartRelease

GROUP = "cert-manager.io"
ISSUER_SECRET = "linkerd-identity-issuer"
TRUST_ROOTS = "linkerd-identity-trust-roots"
# Kinds that become a Secret in the cluster, with the pointer to its name.
_MAKERS = (
    ("Secret", ("metadata", "name")),
    ("Certificate", ("spec", "secretName")),
    ("SealedSecret", ("metadata", "name")),
    ("ExternalSecret", ("spec", "target", "name")),
)


def makers(model: Model, cluster: str, namespace: str, name: str) -> list[Item]:
    """Every object that makes a Secret of this name, or may make it: operators are without number."""
    found = []
    for kind, pointer in _MAKERS:
        for item in model.items(kind):
            made = item.get(*pointer) or item.name
            if (
                item.cluster == cluster
                and made == name
                and (item.namespace == namespace or _is_mirrored(item))
            ):
                found.append(item)
    if not found:
        others = model.in_namespace(cluster, namespace)
        found = [item for item in others if _is_foreign(item) and _says(item.spec, name)]
    return found


def _is_mirrored(item: Item) -> bool:
    """Whether a controller copies the Secret to other namespaces, such as reflector or replicator."""
    keys = [*item.annotations, *item.mapping("spec", "secretTemplate", "annotations")]
    return any(word in str(key) for key in keys for word in ("reflector", "replicat", "kubed"))


def _is_foreign(item: Item) -> bool:
    """Whether an operator that is not known here gives the object its meaning."""
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


def _says(data: Any, text: str) -> bool:
    """Whether a value somewhere below ``data`` is ``text``."""
    if isinstance(data, Mapping):
        return any(_says(value, text) for value in data.values())
    if isinstance(data, list):
        return any(_says(value, text) for value in data)
    return bool(data == text)


def certificates(model: Model, name: str) -> Iterator[Item]:
    """Every Certificate that fills a Secret of this name."""
    for item in model.items("Certificate", GROUP):
        if item.get("spec", "secretName") == name:
            yield item


def issuer_of(model: Model, certificate: Item) -> tuple[str, Item | None]:
    """The title of the issuer that a Certificate names, and the issuer where it is seen."""
    reference = certificate.mapping("spec", "issuerRef")
    kind, name = str(reference.get("kind") or "Issuer"), str(reference.get("name") or "")
    namespace = "" if kind == "ClusterIssuer" else certificate.namespace
    title = f"{kind} {name}" if kind == "ClusterIssuer" else f"{kind} {certificate.namespace}/{name}"
    return title, model.find(certificate.cluster, kind, namespace, name)


def control_planes(model: Model) -> Iterator[ChartRelease]:
    """Control planes whose values can all be seen."""
    return (release for release in model.charts(CONTROL_PLANE) if release.complete)


def trust_bundles(model: Model) -> Iterator[Item]:
    """trust-manager's Bundles that carry Linkerd's trust roots."""
    for item in model.items("Bundle", "trust.cert-manager.io"):
        if item.name == TRUST_ROOTS:
            yield item


def cluster_resource_namespace(model: Model, cluster: str) -> str:
    """Where ClusterIssuers read their Secrets from: cert-manager's own namespace by default."""
    for release in model.charts("cert-manager", cluster):
        return str(release.value("clusterResourceNamespace") or release.namespace or "cert-manager")
    return "cert-manager"


def trust_namespace(model: Model, cluster: str) -> str:
    """Where trust-manager reads its sources from."""
    for release in model.charts("trust-manager", cluster):
        return str(release.value("app", "trust", "namespace") or "cert-manager")
    return "cert-manager"
