"""Determines the stage of a trust anchor's replacement from the files alone.

No extra state is stored: the stage follows from the anchors that the Bundle distributes, the signer of the
identity issuer, and the anchors for which the control plane was restarted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from meshwright.check.model.certmanager import GROUP
from meshwright.check.model.index import Item, Model
from meshwright.check.model.releases import ChartRelease
from meshwright.trust.chain import Anchor, Chain

# On the pods of the control plane: the anchors for which they were restarted, the signing one first.
ANNOTATION = "linkerd.meshwright.dev/trust-anchors"
_NUMBERED = re.compile(r"(.+?)-([0-9]{1,6})\Z")


@dataclass(frozen=True)
class Rotation:
    """A chain with its stage: 0 no rotation, 1 both distributed, 2 restarted, 3 signed by the new one.

    ``old`` is the anchor to replace, ``new`` its replacement; None while there is only one.
    """

    chain: Chain
    stage: int
    old: Anchor
    new: Anchor | None


@dataclass(frozen=True)
class Refusal:
    """The reason why a chain cannot be rotated, with both offenders and the fix."""

    chain: Chain
    reason: str


def read_rotation(model: Model, chain: Chain) -> Rotation | Refusal:
    """The stage of a chain, or the reason why it cannot be rotated by stages."""
    if reason := _refusal_reason(model, chain):
        return Refusal(chain, reason)
    signer = chain.signer
    others = [anchor for anchor in chain.anchors if anchor is not signer]
    if signer is None:
        title, names = chain.signer_title(model), _titles(chain.anchors)
        return Refusal(
            chain,
            f"{_at(chain.identity)} is signed by {title}, but the Bundle distributes {names}, so the mesh is "
            "already broken; set issuerRef to the CA issuer of an anchor that the Bundle distributes",
        )
    if not others:
        return Rotation(chain, 0, signer, None)
    if len(others) > 1:
        names = _titles(chain.anchors)
        return Refusal(
            chain, f"{_at(chain.bundle)} distributes {names}; remove anchors until at most two are left"
        )
    other = others[0]
    old, new = (signer, other) if _generation(signer) < _generation(other) else (other, signer)
    if new is signer:
        return Rotation(chain, 3, old, new)
    restarted = set(restarted_for(chain.release)) >= {old.secret, new.secret}
    return Rotation(chain, 2 if restarted else 1, old, new)


def restarted_for(release: ChartRelease | None) -> tuple[str, ...]:
    """The anchors for which the pods of a release were restarted, by the names of their Secrets."""
    found = release.value("podAnnotations", ANNOTATION) if release is not None else None
    return tuple(str(found).split()) if found else ()


def number_of(name: str) -> int:
    """The generation of an anchor from its Secret's name: 2 for linkerd-trust-anchor-2, 1 without number."""
    found = _NUMBERED.match(name)
    return int(found[2]) if found else 1


def _generation(anchor: Anchor) -> tuple[int, int]:
    """The order of two anchors: by generation, then by source of the Bundle."""
    return number_of(anchor.secret), anchor.source


def next_name(model: Model, anchor: Anchor) -> str:
    """A name that no earlier anchor had, because an old Secret may still be in the cluster."""
    found = _NUMBERED.match(anchor.secret)
    base = found[1] if found else anchor.secret
    family = [
        number_of(name)
        for item in model.items("Certificate", GROUP)
        for name in (item.name, str(item.get("spec", "secretName")))
        if name == base or name.startswith(f"{base}-")
    ]
    return f"{base}-{max([number_of(anchor.secret), *family]) + 1}"


def _refusal_reason(model: Model, chain: Chain) -> str:
    release = chain.release
    broken = next(
        (root for root in model.repository.roots if not root.built and root.cluster == chain.cluster), None
    )
    if broken is not None:
        return (
            f"{broken.position}: {broken.path} cannot be built, so its objects are unknown; fix the errors "
            "that `meshwright check` reports"
        )
    if release is not None and release.value("identityTrustAnchorsPEM"):
        at = release.at("identityTrustAnchorsPEM", key=True)
        return (
            f"{at}: set identity.externalCA: true and let trust-manager write ConfigMap "
            f"linkerd-identity-trust-roots: the stages need a Bundle, but {release.title} has its anchors in "
            "identityTrustAnchorsPEM"
        )
    if chain.bundle is None:
        return (
            "add a trust-manager Bundle linkerd-identity-trust-roots with the anchor's Secret as source: "
            "without one, a second anchor cannot be distributed to the proxies"
        )
    if chain.external_ca is not None:
        title = chain.signer_title(model)
        return (
            f"{_at(chain.external_ca)}: the anchor is the CA of {title}, which this repository does not "
            f"define; replace it where {title} is defined, in the order of clusters/<cluster>/trust.md"
        )
    if chain.identity is None:
        return (
            f"{_at(chain.bundle)} distributes anchors, but no Certificate creates Secret "
            "linkerd-identity-issuer; add one, because a rotation signs it with the new anchor"
        )
    if chain.unresolved:
        at = chain.bundle.at("spec", "sources", chain.unresolved[0])
        return (
            f"{at}: this source does not lead to a Certificate in the repository, so its anchor is unknown; "
            "replace that anchor by hand, in the order of clusters/<cluster>/trust.md"
        )
    if not chain.anchors:
        return f"{_at(chain.bundle)}: add the Secret of the anchor's Certificate as source, with key tls.crt"
    return ""


def _at(item: Item | None) -> str:
    return f"{item.at()}: {item.title}" if item is not None else "nothing"


def _titles(anchors: Iterable[Anchor]) -> str:
    return " and ".join(anchor.certificate.title for anchor in anchors) or "none"
