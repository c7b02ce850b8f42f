"""Relaxes a kustomization whose build lacks objects: kustomize then passes over what refers to them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.inline import inline_objects
from meshwright.manifests.kustomization import join
from meshwright.yaml import YamlFault, dump, parse_all
from meshwright.yaml.pointer import items_of

# Fields that refer to single objects and fail if the object is missing.
_NEEDS_OBJECTS = ("replicas", "replacements", "vars")


def make_lenient(data: dict[str, Any], files: RepositoryFiles, folder: str) -> None:
    """Remove or relax what fails in the kustomization ``data`` if objects are missing from its build."""
    for name in _NEEDS_OBJECTS:
        data.pop(name, None)
    patches: list[Any] = []
    for patch in items_of(data.get("patches")):
        patches.extend(_targeted(patch, files, folder) if isinstance(patch, Mapping) else [patch])
    for text in items_of(data.pop("patchesStrategicMerge", None)):
        as_patch = {"path" if inline_objects(str(text)) is None else "patch": text}
        patches.extend(_targeted(as_patch, files, folder))
    # Under patches, kustomize skips a patch without a matching target.
    patches.extend(items_of(data.pop("patchesJson6902", None)))
    if patches:
        data["patches"] = patches


def _targeted(patch: Mapping[str, Any], files: RepositoryFiles, folder: str) -> Iterator[Mapping[str, Any]]:
    """The patch with an explicit target, because kustomize skips such a patch if nothing matches."""
    if patch.get("target"):
        yield patch
        return
    try:
        if isinstance(patch.get("path"), str):
            documents = [found.data for found in files.documents(join(folder, patch["path"]))]
        else:
            documents = parse_all(str(patch.get("patch") or ""))
    except YamlFault:
        yield patch
        return
    if not documents or not all(isinstance(document, dict) for document in documents):
        yield patch
        return
    for document in documents:
        group, _, version = str(document.get("apiVersion") or "").rpartition("/")
        metadata = document.get("metadata")
        name = str(metadata.get("name") or "") if isinstance(metadata, Mapping) else ""
        target = {"group": group, "version": version, "kind": str(document.get("kind") or "")}
        target["name"] = re.escape(name).replace("\\-", "-")
        rest = {key: value for key, value in patch.items() if key not in ("path", "patch")}
        yield {**rest, "patch": dump(document), "target": target}
