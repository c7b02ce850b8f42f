"""How far the replacement of a trust anchor has come, read from the files alone.

Nothing of it is stored beside the manifests: which anchors the Bundle distributes, who signs the identity
issuer, and for which anchors the control plane was restarted say it all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from meshwright.check.model.certmanager import GROUP
from meshwright.check.model.index import Item, Model
from meshwright.check.model.releases import ChartRelease
from meshwright.trust.chain import Anchor, Chain

# On the pods of the control plane: the anchors that they were restarted for, the signing one first.
ANNOTATION = "linkerd.meshwright.dev/trust-anchors"
_NUMBERED = re.compile(r"(.+?)-([0-9]{1,6})\Z")


@dataclass(frozen=True)
class Rotation:
    """A chain with its stage: 0 none under way, 1 both distributed, 2 restarted, 3 signed with the new one.

    ``old`` is the anchor that goes, ``new`` the one that comes, None while there is one alone.
    """

    chain: Chain
    stage: int
    old: Anchor
    new: Anchor | None


@dataclass(frozen=True)
class Refusal:
    """Why there is nothing that could be rotated: ``reason`` names both parties and the way out."""

    chain: Chain
    reason: str


def read_rotation(model: Model, chain: Chain) -> Rotation | Refusal:
    """The stage of a chain, or why it cannot be rotated by stages."""
    if reason := _unfit(model, chain):
        return Refusal(chain, reason)
    signer = chain.signer
    others = [anchor for anchor in chain.anchors if anchor is not signer]
    if signer is None:
        title, names = chain.signer_title(model), _titles(chain.anchors)
        return Refusal(
            chain,
            f"{_at(chain.identity)} is signed by {title}, and the Bundle distributes {names}: the mesh is "
            "cut already; let issuerRef name the CA issuer of an anchor that the Bundle distributes",
        )
    if not others:
        return Rotation(chain, 0, signer, None)
    if len(others) > 1:
        names = _titles(chain.anchors)
        return Refusal(
            chain, f"{_at(chain.bundle)} distributes {names}; two at once can be told apart, more cannot"
        )
    other = others[0]
    old, new = (signer, other) if _age(signer) < _age(other) else (other, signer)
    if new is signer:
        return Rotation(chain, 3, old, new)
    restarted = set(restarted_for(chain.release)) >= {old.secret, new.secret}
    return Rotation(chain, 2 if restarted else 1, old, new)


def restarted_for(release: ChartRelease | None) -> tuple[str, ...]:
    """The anchors that the pods of a release say they were restarted for, by the names of their Secrets."""
    found = release.value("podAnnotations", ANNOTATION) if release is not None else None
    return tuple(str(found).split()) if found else ()


def number_of(name: str) -> int:
    """The generation of an anchor, by the name of its Secret: 2 of linkerd-trust-anchor-2, 1 without one."""
    found = _NUMBERED.match(name)
    return int(found[2]) if found else 1


def _age(anchor: Anchor) -> tuple[int, int]:
    """Which of two came first: the lower generation, or else the earlier source of the Bundle."""
    return number_of(anchor.secret), anchor.source


def next_name(model: Model, anchor: Anchor) -> str:
    """A name that no anchor of the family has had; a Secret of an older one may still be in the cluster."""
    found = _NUMBERED.match(anchor.secret)
    base = found[1] if found else anchor.secret
    family = [
        number_of(name)
        for item in model.items("Certificate", GROUP)
        for name in (item.name, str(item.get("spec", "secretName")))
        if name == base or name.startswith(f"{base}-")
    ]
    return f"{base}-{max([number_of(anchor.secret), *family]) + 1}"


def _unfit(model: Model, chain: Chain) -> str:
    release = chain.release
    broken = next(
        (root for root in model.repository.roots if not root.built and root.cluster == chain.cluster), None
    )
    if broken is not None:
        return (
            f"{broken.position}: {broken.path} does not build, so it is not seen; `meshwright check` says why"
        )
    if release is not None and release.value("identityTrustAnchorsPEM"):
        at = release.at("identityTrustAnchorsPEM", key=True)
        return (
            f"{at}: {release.title} has its anchors in identityTrustAnchorsPEM, and stages need a Bundle; "
            "set identity.externalCA: true and let trust-manager write ConfigMap "
            "linkerd-identity-trust-roots"
        )
    if chain.bundle is None:
        return (
            "no Bundle linkerd-identity-trust-roots is here, which would bring a second anchor to the "
            "proxies; add one of trust-manager's, with the anchor's Secret as source"
        )
    if chain.borrowed is not None:
        title = chain.signer_title(model)
        return (
            f"{_at(chain.borrowed)} carries it: the anchor is the CA of {title}, which this repository does "
            f"not make, so it cannot replace it; replace it where {title} is made: docs/trust.md has the "
            "order"
        )
    if chain.identity is None:
        return (
            f"{_at(chain.bundle)} distributes anchors, and no Certificate makes Secret "
            "linkerd-identity-issuer; a rotation has to let one be signed by the new anchor"
        )
    if chain.opaque:
        at = chain.bundle.at("spec", "sources", chain.opaque[0])
        return (
            f"{at}: this source leads to no Certificate of the repository, so who is trusted cannot be told; "
            "replace that anchor by hand, in the order of docs/trust.md"
        )
    if not chain.anchors:
        return f"{_at(chain.bundle)} has no Certificate's Secret as source; name the anchor's, key tls.crt"
    return ""


def _at(item: Item | None) -> str:
    return f"{item.at()}: {item.title}" if item is not None else "nothing"


def _titles(anchors: Iterable[Anchor]) -> str:
    return " and ".join(anchor.certificate.title for anchor in anchors) or "none"
