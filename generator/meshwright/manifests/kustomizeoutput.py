"""Parses kustomize's output, and removes the annotations that trace each object."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from meshwright.manifests.unit import BuiltObject, Origin
from meshwright.yaml import parse, parse_all

TAG = "internal.meshwright/build"
_ORIGIN = "config.kubernetes.io/origin"
_PLAIN_PATH = re.compile(r"path: ((?:\.\./)+[A-Za-z][\w./-]*)\n")


def read_output(
    text: str, group_folder: Path, repository: Path, originals: Mapping[str, str] | None = None
) -> Iterator[tuple[int, BuiltObject]]:
    """Each object with the number of its build.

    kustomize's origins are relative to ``group_folder``; ``originals`` maps a copied kustomization to the
    one in the repository.
    """
    for data in parse_all(text, "kustomize's output"):
        annotations = data.get("metadata", {}).get("annotations", {})
        number = int(annotations.pop(TAG, -1))
        origin = _origin(annotations.pop(_ORIGIN, ""), group_folder, repository, originals or {})
        if not annotations:
            data["metadata"].pop("annotations", None)
        yield number, BuiltObject(data, origin)


def _parse_origin(text: str) -> Any:
    # A fast path: nearly every origin has this form, and every object has one.
    if plain := _PLAIN_PATH.fullmatch(text):
        return {"path": plain[1]}
    return parse(text) if text else None


def _origin(text: str, group_folder: Path, repository: Path, originals: Mapping[str, str]) -> Origin:
    data: Any = _parse_origin(text)
    if not isinstance(data, dict):
        return Origin()
    found = {}
    for key, name in (("path", "path"), ("configuredIn", "configured_in")):
        if isinstance(data.get(key), str):
            whole = os.path.normpath(group_folder / data[key])
            found[name] = originals.get(whole) or os.path.relpath(whole, repository).replace(os.sep, "/")
    maker = data.get("configuredBy")
    made_by = str(maker.get("kind") or "") if isinstance(maker, dict) else ""
    return Origin(found.get("path"), found.get("configured_in"), made_by)
