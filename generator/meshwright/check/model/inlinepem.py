"""PEM in the repository that becomes Linkerd's trust roots or its issuer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from meshwright.check.model.certmanager import TRUST_ROOTS, control_planes, trust_bundles
from meshwright.check.model.index import Item, Model
from meshwright.check.model.releases import ChartRelease
from meshwright.errors import Position

_ANCHORS = ("identityTrustAnchorsPEM",)
_ISSUER = ("identity", "issuer", "tls", "crtPEM")


@dataclass(frozen=True)
class InlinePem:
    """A text as its reader gets it; ``label`` names it in messages, ``subject`` its object."""

    position: Position
    label: str
    subject: str
    text: str


@dataclass(frozen=True)
class InlineTrust:
    """The trust roots and the issuer of one control plane, each None if it is not in the repository.

    ``bundled``: trust-manager reads the roots. ``external``: the issuer's roots are elsewhere. The trust
    domain and the namespace are part of every proxy's name. ``cluster`` is the folder of the cluster.
    """

    anchors: InlinePem | None
    issuer: InlinePem | None = None
    bundled: bool = False
    external: bool = False
    trust_domain: str = "cluster.local"
    namespace: str = "linkerd"
    cluster: str = ""


def inline_trust(model: Model) -> Iterator[InlineTrust]:
    """What the values of control planes contain, then ConfigMaps and Bundles with trust roots."""
    for release in control_planes(model):
        external = release.value("identity", "externalCA") is True
        domain, namespace = trust_domain(release), release.namespace or "linkerd"
        anchors, issuer = (_value(release, pointer) for pointer in (_ANCHORS, _ISSUER))
        yield InlineTrust(anchors, issuer, False, external, domain, namespace, release.cluster)
        roots = model.find(release.cluster, "ConfigMap", release.namespace, TRUST_ROOTS)
        if external and roots is not None:
            found = _text(roots, ("data", "ca-bundle.crt"))
            yield InlineTrust(found, trust_domain=domain, namespace=namespace, cluster=release.cluster)
    for bundle in trust_bundles(model):
        for place in range(len(bundle.list("spec", "sources"))):
            found = _text(bundle, ("spec", "sources", place, "inLine"))
            yield InlineTrust(found, bundled=True, cluster=bundle.cluster)


@dataclass(frozen=True)
class ClusterAnchors:
    """All trust anchors of a cluster, by the certificates' bytes."""

    pem: InlinePem
    certificates: frozenset[bytes]


def anchors_by_cluster(model: Model) -> dict[str, ClusterAnchors]:
    """The clusters whose trust anchors are in the repository and can be read; none if there is only one."""
    # A Bundle has other sources, too.
    texts = {it.cluster: it.anchors for it in inline_trust(model) if it.anchors and not it.bundled}
    if len(texts) < 2:
        return {}
    # Imported only if there is something to compare: the library for certificates takes long to load.
    from meshwright.certificates.reading import read_linkerd

    found: dict[str, ClusterAnchors] = {}
    for cluster, pem in texts.items():
        if certificates := read_linkerd(pem.text).certificates:
            found[cluster] = ClusterAnchors(pem, frozenset(it.certificate.der for it in certificates))
    return found


def trust_domain(release: ChartRelease) -> str:
    """The trust domain of a control plane. source: linkerd2 charts/partials/templates/_proxy.tpl."""
    found = release.value("identityTrustDomain") or release.value("clusterDomain")
    return found if isinstance(found, str) and "${" not in found else "cluster.local"


def _value(release: ChartRelease, pointer: tuple[str, ...]) -> InlinePem | None:
    value = release.value(*pointer)
    if not _is_known(value) or release.is_unknown(value):
        return None
    # The chart trims it.
    label = f"{'.'.join(pointer)} of {release.title}"
    return InlinePem(release.at(*pointer), label, release.title, value.strip())


def _text(item: Item, pointer: tuple[str | int, ...]) -> InlinePem | None:
    value = item.get(*pointer)
    if not _is_known(value):
        return None
    return InlinePem(item.at(*pointer), f"{pointer[-1]} of {item.title}", item.title, value)


def _is_known(value: Any) -> bool:
    """Whether a value is text that no variable replaces."""
    return isinstance(value, str) and bool(value.strip()) and "${" not in value
