"""kustomize: patches and images that match nothing, and deprecated fields."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from meshwright.check.model.index import Model
from meshwright.check.model.patchtargets import Candidates, described, first_renaming, intake
from meshwright.check.rules.rule import Engine, Hit, Severity, rule
from meshwright.manifests.kustomization import KustomizationFile
from meshwright.words import did_you_mean
from meshwright.yaml.pointer import items_of, keys_named, value_at

# Field -> what replaced it. source: kustomize 5 deprecation warnings.
_DEPRECATED = {
    "bases": "resources",
    "commonLabels": "labels",
    "imageTags": "images",
    "patchesStrategicMerge": "patches",
    "patchesJson6902": "patches",
    "vars": "replacements",
}
# Anything else is a regular expression to kustomize.
_PLAIN = re.compile(r"[A-Za-z0-9._:/-]+")


def _files(model: Model) -> Iterator[KustomizationFile]:
    for folder in model.repository.index.folders:
        found = model.repository.index.get(folder)
        if found is not None and found.fault is None:
            yield found


def _targets(own: KustomizationFile) -> Iterator[tuple[str, int, Mapping[str, Any]]]:
    for field in ("patches", "patchesJson6902"):
        for number, entry in enumerate(items_of(own.data.get(field))):
            target = entry.get("target") if isinstance(entry, Mapping) else None
            if isinstance(target, Mapping):
                yield field, number, target


@rule(
    "MW911",
    "patch-target-missing",
    "A patch's target matches nothing",
    why="kustomize applies such a patch to nothing and reports no error. The target's labels and namespace are "
    "not compared, because later patches may add them.",
    fix="use the kind and name of an object that the kustomization includes",
    source="kustomize 5.8.1, run: a target without a match causes no error",
)
def missed_patch(model: Model) -> Iterator[Hit]:
    for own in _files(model):
        targets = list(_targets(own))
        # A Component patches the objects of the kustomizations that include it.
        if not targets or own.is_component:
            continue
        taken = intake(model.files, model.repository.index, own)
        candidates = Candidates(taken.objects)
        renaming = first_renaming(own)
        for field, number, target in targets if taken.complete else ():
            # What an earlier patch renamed is found under its new name too, which only the build knows.
            if renaming is not None and (field != "patches" or number > renaming):
                continue
            if not candidates.any_fits(target):
                kinds = {str(data.get("kind")) for data, _ in taken.objects}
                names = {name for _, found in taken.objects for name in found}
                hint = did_you_mean(str(target.get("kind") or ""), kinds - {str(target.get("kind"))})
                hint = hint or did_you_mean(str(target.get("name") or ""), names - {str(target.get("name"))})
                at = own.position((field, number, "target"))
                text = f"'{own.folder}' patches {described(target)}, but includes no such object{hint}"
                # Without a name it may be a default for what is still to come.
                severity = None if target.get("name") else Severity.WARNING
                yield Hit(at, text, subject=own.path, severity=severity)


@rule(
    "MW912",
    "flux-patch-target-missing",
    "The target of a Flux Kustomization's patch matches nothing",
    why="Flux passes the patch to kustomize, which applies it to nothing and reports no error. A target without "
    "a name is not reported: it is often a default for objects that come later.",
    fix="use the kind and name of an object that this Kustomization applies",
    source="fluxcd kustomize-controller, spec.patches; kustomize 5.8.1",
    engine=Engine.FLUX,
)
def missed_flux_patch(model: Model) -> Iterator[Hit]:
    for root in model.repository.roots:
        if root.kustomization is None or not root.built or not root.objects:
            continue
        candidates = Candidates((built.data, frozenset({built.name})) for built in root.objects)
        for number, entry in enumerate(items_of(root.kustomization.spec.get("patches"))):
            target = entry.get("target") if isinstance(entry, Mapping) else None
            # Without a name it is a default for whatever comes: a parent gives it to all its children.
            if not isinstance(target, Mapping) or not target.get("name"):
                continue
            if not candidates.any_fits(target):
                at = root.kustomization.position("spec", "patches", number, "target")
                names = {built.name for built in root.objects} - {str(target["name"])}
                hint = did_you_mean(str(target["name"]), names)
                text = f"{root.kustomization.title} patches {described(target)}, but applies no such object{hint}"
                yield Hit(at, text, subject=root.kustomization.title)


@rule(
    "MW913",
    "image-unused",
    "No container uses an image of the images list",
    why="kustomize changes only images with exactly this name, and reports no error if there are none.",
    fix="write the image's name as in the manifests, with its registry and without a tag",
    source="kustomize api/filters/imagetag",
    severity=Severity.WARNING,
)
def unused_image(model: Model) -> Iterator[Hit]:
    for own in _files(model):
        entries = [entry for entry in items_of(own.data.get("images")) if isinstance(entry, Mapping)]
        if not entries or own.is_component:
            continue
        taken = intake(model.files, model.repository.index, own)
        used = {_image(image) for data, _ in taken.objects for image in _images(data)}
        # Kinds of operators hold images in fields of their own, or none that can be seen.
        if not taken.complete or not used:
            continue
        for number, entry in enumerate(items_of(own.data.get("images"))):
            name = entry.get("name") if isinstance(entry, Mapping) else None
            if isinstance(name, str) and _PLAIN.fullmatch(name) and name not in used:
                at = own.position(("images", number, "name"))
                text = f"'{own.folder}' sets image {name}, which no container uses{did_you_mean(name, used)}"
                yield Hit(at, text, subject=own.path)


def _images(data: Mapping[str, Any]) -> Iterator[str]:
    for pointer in keys_named(data, "image"):
        value = value_at(data, pointer)
        if isinstance(value, str):
            yield value


def _image(text: str) -> str:
    """The name without tag and digest; the port of a registry is part of the name."""
    name = text.partition("@")[0]
    head, slash, last = name.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}"


@rule(
    "MW914",
    "kustomize-field-deprecated",
    "A kustomization uses a deprecated field",
    why="kustomize warns about it now and will reject it later. commonLabels also changes selectors, which "
    "cannot be changed on an existing Deployment.",
    fix="use the field that replaced it; kustomize edit fix converts most of them",
    source="kustomize 5.8.1, deprecation warnings",
    severity=Severity.INFO,
)
def deprecated_field(model: Model) -> Iterator[Hit]:
    for own in _files(model):
        for field, successor in _DEPRECATED.items():
            if own.data.get(field):
                at = own.position((field,), key=True)
                yield Hit(
                    at, f"'{own.folder}' uses {field}, which was replaced by {successor}", subject=own.path
                )
