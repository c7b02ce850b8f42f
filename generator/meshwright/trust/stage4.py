"""Stage 4 in the files: the old anchor goes, and the new one takes its place in its file."""

from __future__ import annotations

from meshwright.check.model.certmanager import GROUP
from meshwright.check.model.index import Item, Model
from meshwright.errors import MeshwrightError
from meshwright.manifests.pointer import value_at
from meshwright.trust.labels import room, unlabel
from meshwright.trust.pendingedits import PendingEdits
from meshwright.trust.rotation import Rotation
from meshwright.yaml.edit import YamlText


def drop(edits: PendingEdits, model: Model, rotation: Rotation) -> None:
    """Take the old anchor out. Raises MeshwrightError when something still hangs on it."""
    old, new = rotation.old, rotation.new
    assert new is not None
    assert new.issuer is not None
    _refuse_signed(model, rotation)
    labels = () if new.named else tuple(room(rotation))
    _fold(edits, old.certificate, new.certificate, (("metadata", "name"), ("spec", "secretName")), labels)
    if old.issuer is not None:
        _fold(edits, old.issuer, new.issuer, (("metadata", "name"), ("spec", "ca", "secretName")), ())
    for path in dict.fromkeys(edits.place(item)[0] for item in (new.certificate, new.issuer)):
        _take_out(edits, model, path, (new.certificate, new.issuer))
    assert rotation.chain.bundle is not None
    bundle, number = edits.place(rotation.chain.bundle)
    pointer = ("spec", "sources", old.source)
    if old.named and new.named:
        edits.change(bundle, lambda text: text.remove(number, pointer))
    elif old.named:
        edits.change(bundle, lambda text: text.set(number, (*pointer, "secret", "name"), new.secret))


def _refuse_signed(model: Model, rotation: Rotation) -> None:
    """Whatever else is signed by the old anchor's issuer would be left without one."""
    issuer, new = rotation.old.issuer, rotation.new
    if issuer is None or new is None or new.issuer is None:
        return
    for item in model.items("Certificate", GROUP):
        reference = item.mapping("spec", "issuerRef")
        same = (reference.get("kind"), reference.get("name")) == (issuer.built.kind, issuer.name)
        if same and item.cluster == rotation.chain.cluster:
            raise MeshwrightError(
                f"stage 4: {item.at('spec', 'issuerRef')}: {item.title} is still signed by {issuer.title}, "
                f"which goes; let it name {new.issuer.title}"
            )


def _fold(
    edits: PendingEdits, old: Item, new: Item, names: tuple[tuple[str, ...], ...], labels: tuple[str, ...]
) -> None:
    """Bring ``new`` to where ``old`` is written; what a person changed in either stays."""
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


def _take_out(edits: PendingEdits, model: Model, path: str, items: tuple[Item, ...]) -> None:
    """The file of the new anchor goes when nothing else is in it."""
    mine = {edits.place(item)[1] for item in items if edits.place(item)[0] == path}
    if len(model.files.documents(path)) != len(mine):
        raise MeshwrightError(
            f"stage 4: {path}: holds more than {items[0].title} and {items[1].title}, and would go with "
            "them; move the rest to another file"
        )
    edits.unlist(path)
    edits.delete(path)
