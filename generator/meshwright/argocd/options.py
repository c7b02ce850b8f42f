"""Merges a source's kustomize options into a kustomization, as Argo CD does with ``kustomize edit``.

source: argo-cd v3.5.1, util/kustomize/kustomize.go, Build.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from meshwright.yaml.pointer import items_of, mapping_of


def merge(own: Mapping[str, Any], options: Mapping[str, Any], components: list[str]) -> dict[str, Any]:
    """Merge ``options`` into the kustomization ``own``; ``components`` are paths relative to its folder."""
    manifest = dict(own)
    for name in ("namePrefix", "nameSuffix", "namespace"):
        if options.get(name):
            manifest[name] = options[name]
    if components:
        manifest["components"] = [*items_of(manifest.get("components")), *components]
    if patches := [patch for patch in items_of(options.get("patches")) if isinstance(patch, dict)]:
        manifest["patches"] = [*items_of(manifest.get("patches")), *map(_patch, patches)]
    if images := [parse_image(image) for image in items_of(options.get("images")) if isinstance(image, str)]:
        manifest["images"] = _replaced(items_of(manifest.get("images")), images)
    if replicas := [entry for entry in items_of(options.get("replicas")) if isinstance(entry, dict)]:
        manifest["replicas"] = _replaced(items_of(manifest.get("replicas")), replicas)
    if annotations := mapping_of(options.get("commonAnnotations")):
        manifest["commonAnnotations"] = {**mapping_of(manifest.get("commonAnnotations")), **annotations}
    if labels := mapping_of(options.get("commonLabels")):
        _add_labels(manifest, labels, options)
    return manifest


def _patch(patch: Mapping[str, Any]) -> dict[str, Any]:
    known = ("patch", "path", "target", "options")
    return {name: patch[name] for name in known if patch.get(name)}


def _add_labels(manifest: dict[str, Any], labels: Mapping[str, Any], options: Mapping[str, Any]) -> None:
    if options.get("labelWithoutSelector") is True:
        entry: dict[str, Any] = {"pairs": dict(labels)}
        if options.get("labelIncludeTemplates") is True:
            entry["includeTemplates"] = True
        manifest["labels"] = [*items_of(manifest.get("labels")), entry]
    else:
        manifest["commonLabels"] = {**mapping_of(manifest.get("commonLabels")), **labels}


def parse_image(text: str) -> dict[str, str]:
    """Parse an entry of kustomize.images: ``[name=]newName[:newTag][@digest]``; "*" keeps the old value."""
    name, equals, new = text.partition("=")
    new = new if equals else name
    new, _, digest = new.partition("@")
    # A slash after the colon means that it separates a port, not a tag.
    head, colon, tag = new.rpartition(":")
    if not colon or "/" in tag:
        head, tag = new, ""
    image = {"name": name if equals else head}
    if equals and head not in ("*", ""):
        image["newName"] = head
    if tag and tag != "*":
        image["newTag"] = tag
    if digest:
        image["digest"] = digest
    return image


def _replaced(own: list[Any], given: list[dict[str, Any]]) -> list[Any]:
    """Replace entries of the same name, and append new ones."""
    # A list: a stranger's name may be anything, also what no set can hold.
    names = [entry.get("name") for entry in given]
    kept = [entry for entry in own if not (isinstance(entry, dict) and entry.get("name") in names)]
    return [*kept, *given]
