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
    domain and the namespace are part of every proxy's name.
    """

    anchors: InlinePem | None
    issuer: InlinePem | None = None
    bundled: bool = False
    external: bool = False
    trust_domain: str = "cluster.local"
    namespace: str = "linkerd"


def inline_trust(model: Model) -> Iterator[InlineTrust]:
    """What the values of control planes contain, then ConfigMaps and Bundles with trust roots."""
    for release in control_planes(model):
        external = release.value("identity", "externalCA") is True
        domain, namespace = trust_domain(release), release.namespace or "linkerd"
        anchors, issuer = (_value(release, pointer) for pointer in (_ANCHORS, _ISSUER))
        yield InlineTrust(anchors, issuer, False, external, domain, namespace)
        roots = model.find(release.cluster, "ConfigMap", release.namespace, TRUST_ROOTS)
        if external and roots is not None:
            found = _text(roots, ("data", "ca-bundle.crt"))
            yield InlineTrust(found, trust_domain=domain, namespace=namespace)
    for bundle in trust_bundles(model):
        for place in range(len(bundle.list("spec", "sources"))):
            found = _text(bundle, ("spec", "sources", place, "inLine"))
            yield InlineTrust(found, bundled=True)


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
