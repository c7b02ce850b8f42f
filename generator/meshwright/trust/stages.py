"""The four stages of replacing a trust anchor, as edits: trust both, restart, sign with the new one, drop.

Each stage leaves a tree that can be applied as it is, and of which the next stage can tell where it stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from meshwright.check.model.index import Model
from meshwright.errors import MeshwrightError
from meshwright.trust.pendingedits import PendingEdits
from meshwright.trust.rotation import ANNOTATION, Rotation, next_name
from meshwright.trust.stage1 import add
from meshwright.trust.stage4 import drop

_ANNOTATION = ("podAnnotations", ANNOTATION)


@dataclass(frozen=True)
class Staged:
    """What a stage would write: the new text of each file, None for one that goes.

    ``old`` and ``new`` are the names of the anchors' Secrets. ``stands_on`` are the files that say where the
    rotation stands: what is in them has to be committed first.
    """

    stage: int
    old: str
    new: str
    changes: Mapping[str, str | None]
    stands_on: tuple[str, ...] = ()


def stage(model: Model, rotation: Rotation, wanted: int) -> Staged | None:
    """The edits of stage ``wanted``, None when the files are there already.

    Raises MeshwrightError when it would cut the mesh, or when a file cannot be edited.
    """
    if rotation.stage == wanted or (wanted == 4 and rotation.new is None):
        return None
    _refuse_haste(rotation, wanted)
    edits = PendingEdits(model)
    old, new = rotation.old.secret, rotation.new.secret if rotation.new else ""
    if wanted == 1:
        new = next_name(model, rotation.old)
        add(edits, model, rotation, new)
    elif wanted == 2:
        _restart(edits, rotation, f"{old} {new}")
    elif wanted == 3:
        _sign(edits, rotation)
        _restart(edits, rotation, f"{new} {old}")
    else:
        drop(edits, model, rotation)
        _take_back(edits, rotation)
    return Staged(wanted, old, new, edits.changes, tuple(dict.fromkeys(_stands_on(edits, rotation))))


def _stands_on(edits: PendingEdits, rotation: Rotation) -> Iterator[str]:
    chain = rotation.chain
    anchors = [anchor for anchor in (rotation.old, rotation.new) if anchor is not None]
    items = [chain.bundle, chain.identity, *(anchor.certificate for anchor in anchors)]
    yield from (edits.place(item)[0] for item in items if item is not None)
    for release in (chain.release, chain.viz):
        if release is not None and release.has(*_ANNOTATION):
            yield release.at(*_ANNOTATION).path


def _refuse_haste(rotation: Rotation, wanted: int) -> None:
    chain, old, new = rotation.chain, rotation.old, rotation.new
    identity = chain.identity
    assert identity is not None
    assert chain.bundle is not None
    if new is None:
        if wanted == 1:
            return
        raise MeshwrightError(
            f"stage {wanted}: {chain.bundle.at('spec', 'sources')}: {chain.bundle.title} distributes "
            f"{old.certificate.title} alone, and {identity.title} is signed below it: begin with --stage 1"
        )
    under_way = (
        f"a rotation from {old.certificate.title} to {new.certificate.title} is at stage {rotation.stage}"
    )
    if wanted <= rotation.stage:
        raise MeshwrightError(
            f"stage {wanted}: {under_way}, and a stage is not taken back; go on with --stage "
            f"{rotation.stage + 1}, or revert its commit"
        )
    if wanted == rotation.stage + 1:
        return
    at = identity.at("spec", "issuerRef")
    if wanted == 4:
        issuer = old.issuer.title if old.issuer is not None else "the old anchor"
        raise MeshwrightError(
            f"stage 4: {at}: {identity.title} is still signed by {issuer}, and dropping "
            f"{old.certificate.title} would leave every proxy with a certificate that nobody trusts; "
            f"{under_way}: go on with --stage {rotation.stage + 1}"
        )
    assert chain.release is not None or wanted != 3
    where = chain.release.position if chain.release is not None else at
    title = chain.release.title if chain.release is not None else "the control plane"
    raise MeshwrightError(
        f"stage 3: {where}: {title} was not restarted for {new.certificate.title} (no podAnnotations "
        f"{ANNOTATION} with it), and {identity.title} ({at}) signed below it would be refused by every pod "
        f"that holds {old.certificate.title} alone: begin with --stage 2"
    )


def _restart(edits: PendingEdits, rotation: Rotation, names: str) -> None:
    """Another annotation on the pods of the platform's charts: the engine rolls them."""
    if rotation.chain.release is None:
        raise MeshwrightError(
            "no release of linkerd-control-plane is here, so nothing could restart its pods or say that "
            "they were; install it from this repository, or rotate by hand in the order of docs/trust.md"
        )
    for release in (rotation.chain.release, rotation.chain.viz):
        if release is not None:
            edits.set_value(release, _ANNOTATION, names)


def _sign(edits: PendingEdits, rotation: Rotation) -> None:
    identity, new = rotation.chain.identity, rotation.new
    assert identity is not None
    assert new is not None
    if new.issuer is None:
        raise MeshwrightError(
            f"stage 3: {new.certificate.at()}: no issuer signs with the Secret of {new.certificate.title}; "
            f"add a ClusterIssuer with ca.secretName: {new.secret}"
        )
    edits.set(identity, ("spec", "issuerRef", "name"), new.issuer.name)


def _take_back(edits: PendingEdits, rotation: Rotation) -> None:
    """Without the annotation: the engine rolls the pods a last time."""
    for release in (rotation.chain.release, rotation.chain.viz):
        if release is not None:
            edits.unset_value(release, _ANNOTATION)
