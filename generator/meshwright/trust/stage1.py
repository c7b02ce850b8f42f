"""Stage 1: adds a second Certificate and CA issuer, copied from the files of the first."""

from __future__ import annotations

import posixpath

from meshwright.check.model.certmanager import GROUP
from meshwright.check.model.index import Item, Model
from meshwright.errors import MeshwrightError
from meshwright.trust.labels import label, selector_labels
from meshwright.trust.pendingedits import PendingEdits
from meshwright.trust.rotation import Rotation, number_of
from meshwright.yaml.edit import YamlText


def add(edits: PendingEdits, model: Model, rotation: Rotation, name: str) -> None:
    """Add the new anchor with the Secret ``name``. Raises MeshwrightError."""
    old = rotation.old
    assert old.issuer is not None
    certificate_file, certificate = edits.place(old.certificate)
    issuer_file, issuer = edits.place(old.issuer)
    number = number_of(name)
    labels = selector_labels(rotation)
    text = YamlText(certificate_file, _own_part(edits.text(certificate_file), certificate))
    text = text.set(0, ("metadata", "name"), _renamed(old.certificate.name, number))
    text = text.set(0, ("spec", "secretName"), name)
    for key, value in labels.items():
        text = label(text, key, value)
    signer = YamlText(issuer_file, _own_part(edits.text(issuer_file), issuer))
    signer = signer.set(0, ("metadata", "name"), _renamed(old.issuer.name, number))
    signer = signer.set(0, ("spec", "ca", "secretName"), name)
    path = posixpath.join(posixpath.dirname(certificate_file), f"anchor-{number}.yaml")
    _refuse_taken(model, rotation, number)
    header = (
        "# Written by `meshwright trust rotate --stage 1`: the new trust anchor during a rotation "
        f"(clusters/<cluster>/trust.md).\n# Stage 4 moves it to {posixpath.basename(certificate_file)}.\n"
    )
    edits.create(path, f"{header}---\n{_ended(text.text)}---\n{_ended(signer.text)}")
    edits.list_beside(path, certificate_file)
    if not labels:
        bundle, place = edits.place(_bundle(rotation))
        source = {"secret": {"name": name, "key": "tls.crt"}}
        edits.change(bundle, lambda it: it.insert(place, ("spec", "sources"), old.source + 1, source))


def _refuse_taken(model: Model, rotation: Rotation, number: int) -> None:
    assert rotation.old.issuer is not None
    for kind, name in (
        ("Certificate", _renamed(rotation.old.certificate.name, number)),
        (rotation.old.issuer.built.kind, _renamed(rotation.old.issuer.name, number)),
    ):
        for item in model.items(kind, GROUP):
            if item.name == name and item.cluster == rotation.chain.cluster:
                raise MeshwrightError(
                    f"{item.at()}: rename {item.title}: the new anchor would have this name"
                )


def _own_part(text: YamlText, number: int) -> str:
    """A document's lines without the header comments of its file, also those of version 0.1.0."""
    owner = ("# Meshwright scaffold:", "# Owned by the Meshwright scaffold", "# yaml-language-server:")
    return "".join(line for line in text.part(number).splitlines(keepends=True) if not line.startswith(owner))


def _ended(text: str) -> str:
    return f"{text.rstrip()}\n"


def _renamed(name: str, number: int) -> str:
    base = name.removesuffix(f"-{number_of(name)}") if number_of(name) > 1 else name
    return f"{base}-{number}"


def _bundle(rotation: Rotation) -> Item:
    assert rotation.chain.bundle is not None
    return rotation.chain.bundle
