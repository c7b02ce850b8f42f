"""The four stages of replacing a trust anchor, as edits: trust both, restart, sign with the new one, drop.

Each stage leaves files that can be applied, and from which the next run can determine the stage.
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
    """The edits of a stage: the new text of each file, None for a deleted one.

    ``old`` and ``new`` are the names of the anchors' Secrets. ``depends_on`` are the files that determine the
    current stage; they must be committed first.
    """

    stage: int
    old: str
    new: str
    changes: Mapping[str, str | None]
    depends_on: tuple[str, ...] = ()


def stage(model: Model, rotation: Rotation, wanted: int) -> Staged | None:
    """The edits of stage ``wanted``; None if they are already written.

    Raises MeshwrightError if the stage would break the mesh, or a file cannot be edited.
    """
    if rotation.stage == wanted or (wanted == 4 and rotation.new is None):
        return None
    _refuse_out_of_order(rotation, wanted)
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
        _remove_annotation(edits, rotation)
    return Staged(wanted, old, new, edits.changes, tuple(dict.fromkeys(_depends_on(edits, rotation))))


def _depends_on(edits: PendingEdits, rotation: Rotation) -> Iterator[str]:
    chain = rotation.chain
    anchors = [anchor for anchor in (rotation.old, rotation.new) if anchor is not None]
    items = [chain.bundle, chain.identity, *(anchor.certificate for anchor in anchors)]
    yield from (edits.place(item)[0] for item in items if item is not None)
    for release in (chain.release, chain.viz):
        if release is not None and release.has(*_ANNOTATION):
            yield release.at(*_ANNOTATION).path


def _refuse_out_of_order(rotation: Rotation, wanted: int) -> None:
    chain, old, new = rotation.chain, rotation.old, rotation.new
    identity = chain.identity
    assert identity is not None
    assert chain.bundle is not None
    if new is None:
        if wanted == 1:
            return
        raise MeshwrightError(
            f"stage {wanted}: begin with --stage 1: {chain.bundle.at('spec', 'sources')}: "
            f"{chain.bundle.title} only distributes {old.certificate.title}, which signs {identity.title}"
        )
    under_way = (
        f"a rotation from {old.certificate.title} to {new.certificate.title} is at stage {rotation.stage}"
    )
    if wanted <= rotation.stage:
        raise MeshwrightError(
            f"stage {wanted}: continue with --stage {rotation.stage + 1}, or revert the commits of later "
            f"stages: {under_way}"
        )
    if wanted == rotation.stage + 1:
        return
    at = identity.at("spec", "issuerRef")
    if wanted == 4:
        issuer = old.issuer.title if old.issuer is not None else "the old anchor"
        raise MeshwrightError(
            f"stage 4: continue with --stage {rotation.stage + 1}: {under_way}; {at}: {identity.title} is "
            f"still signed by {issuer}, and without {old.certificate.title} no pod would trust the proxies' "
            "certificates"
        )
    assert chain.release is not None or wanted != 3
    where = chain.release.position if chain.release is not None else at
    title = chain.release.title if chain.release is not None else "the control plane"
    raise MeshwrightError(
        f"stage 3: run --stage 2 first: {where}: {title} was not restarted for {new.certificate.title} (not "
        f"in podAnnotations {ANNOTATION}); if that signed {identity.title} ({at}) now, every pod that only "
        f"trusts {old.certificate.title} would reject the new certificates"
    )


def _restart(edits: PendingEdits, rotation: Rotation, names: str) -> None:
    """Change an annotation on the pods of the platform's charts, so that the engine restarts them."""
    if rotation.chain.release is None:
        raise MeshwrightError(
            "install linkerd-control-plane from this repository, or rotate by hand in the order of "
            "clusters/<cluster>/trust.md: without its release, the stages cannot restart its pods or "
            "record the restart"
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
            f"stage 3: {new.certificate.at()}: add a ClusterIssuer with ca.secretName: {new.secret}: no "
            f"issuer uses the Secret of {new.certificate.title}"
        )
    edits.set(identity, ("spec", "issuerRef", "name"), new.issuer.name)


def _remove_annotation(edits: PendingEdits, rotation: Rotation) -> None:
    """Remove the annotation, so that the engine restarts the pods a last time."""
    for release in (rotation.chain.release, rotation.chain.viz):
        if release is not None:
            edits.unset_value(release, _ANNOTATION)
