"""Stage 4: removes the old anchor and moves the new one to its file."""

from __future__ import annotations

from meshwright.check.model.certmanager import GROUP
from meshwright.check.model.index import Item, Model
from meshwright.errors import MeshwrightError
from meshwright.trust.labels import selector_labels, unlabel
from meshwright.trust.pendingedits import PendingEdits
from meshwright.trust.rotation import Rotation
from meshwright.yaml.edit import YamlText
from meshwright.yaml.pointer import value_at


def drop(edits: PendingEdits, model: Model, rotation: Rotation) -> None:
    """Remove the old anchor. Raises MeshwrightError if something still depends on it."""
    old, new = rotation.old, rotation.new
    assert new is not None
    assert new.issuer is not None
    _refuse_signed(model, rotation)
    labels = () if new.named else tuple(selector_labels(rotation))
    _replace_in_place(
        edits, old.certificate, new.certificate, (("metadata", "name"), ("spec", "secretName")), labels
    )
    if old.issuer is not None:
        _replace_in_place(
            edits, old.issuer, new.issuer, (("metadata", "name"), ("spec", "ca", "secretName")), ()
        )
    for path in dict.fromkeys(edits.place(item)[0] for item in (new.certificate, new.issuer)):
        _remove_anchor_file(edits, model, path, (new.certificate, new.issuer))
    assert rotation.chain.bundle is not None
    bundle, number = edits.place(rotation.chain.bundle)
    pointer = ("spec", "sources", old.source)
    if old.named and new.named:
        edits.change(bundle, lambda text: text.remove(number, pointer))
    elif old.named:
        edits.change(bundle, lambda text: text.set(number, (*pointer, "secret", "name"), new.secret))


def _refuse_signed(model: Model, rotation: Rotation) -> None:
    """Raises MeshwrightError if the old anchor's issuer still signs something else."""
    issuer, new = rotation.old.issuer, rotation.new
    if issuer is None or new is None or new.issuer is None:
        return
    for item in model.items("Certificate", GROUP):
        reference = item.mapping("spec", "issuerRef")
        same = (reference.get("kind"), reference.get("name")) == (issuer.built.kind, issuer.name)
        if same and item.cluster == rotation.chain.cluster:
            raise MeshwrightError(
                f"stage 4: {item.at('spec', 'issuerRef')}: change the issuer of {item.title} to "
                f"{new.issuer.title}: stage 4 removes {issuer.title}, which still signs it"
            )


def _replace_in_place(
    edits: PendingEdits, old: Item, new: Item, names: tuple[tuple[str, ...], ...], labels: tuple[str, ...]
) -> None:
    """Replace ``old`` with ``new`` in its file; the user's edits of both stay."""
    old_file, old_number = edits.place(old)
    new_file, new_number = edits.place(new)
    wanted = YamlText(new_file, edits.text(new_file).part(new_number))
    for key in labels:
        wanted = unlabel(wanted, key)
    target = edits.text(old_file)
    for pointer in names:
        target = target.set(old_number, pointer, value_at(new.built.data, pointer))
    if target.documents()[old_number].data != wanted.documents()[0].data:
        above = []
        for line in target.part(old_number).splitlines(keepends=True):
            if line.strip() and not line.startswith("#"):
                break
            above.append(line)
        below = wanted.text.splitlines(keepends=True)
        while below and (not below[0].strip() or below[0].startswith("#")):
            below.pop(0)
        target = target.replace_part(old_number, "".join([*above, *below]))
    edits.change(old_file, lambda _: target)


def _remove_anchor_file(edits: PendingEdits, model: Model, path: str, items: tuple[Item, ...]) -> None:
    """Delete the file of the new anchor. Raises MeshwrightError if it contains anything else."""
    numbers = {edits.place(item)[1] for item in items if edits.place(item)[0] == path}
    if len(model.files.documents(path)) != len(numbers):
        raise MeshwrightError(
            f"stage 4: {path}: move everything except {items[0].title} and {items[1].title} to another file: "
            "stage 4 deletes this one"
        )
    edits.unlist(path)
    edits.delete(path)
