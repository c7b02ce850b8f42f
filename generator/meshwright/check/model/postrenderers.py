"""Annotations that a HelmRelease's postRenderers give to the pods of its chart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from meshwright.check.model.releases import ChartRelease
from meshwright.yaml import YamlFault, load_documents
from meshwright.yaml.pointer import items_of, mapping_of


def patched_annotations(release: ChartRelease, name: str) -> list[str]:
    """The values that patches set for an annotation, of whichever object; empty without such a patch."""
    if release.built is None:
        return []
    spec = mapping_of(release.built.data.get("spec"))
    renderers = [mapping_of(mapping_of(one).get("kustomize")) for one in items_of(spec.get("postRenderers"))]
    patches = [mapping_of(patch).get("patch") for one in renderers for patch in items_of(one.get("patches"))]
    return [value for patch in patches for value in _set_by(patch, name)]


def _set_by(patch: Any, name: str) -> Iterator[str]:
    try:
        documents = load_documents(patch, "patch") if isinstance(patch, str) else []
    except YamlFault:
        # kustomize reports it.
        return
    for document in documents:
        yield from _values(document.data, name)


def _values(data: Any, name: str) -> Iterator[str]:
    """In a merge patch a key; in a JSON patch the end of a path, or a key of what it adds."""
    if isinstance(data, list):
        for entry in data:
            yield from _values(entry, name)
    elif isinstance(data, Mapping):
        path = str(data.get("path") or "")
        if path.rpartition("/")[2] == name.replace("/", "~1") and isinstance(data.get("value"), str):
            yield str(data["value"])
        for key, value in data.items():
            if key == name and isinstance(value, str):
                yield value
            else:
                yield from _values(value, name)
