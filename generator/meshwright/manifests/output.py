"""Reads what kustomize printed, and takes off what was added to trace each object."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from meshwright.manifests.unit import BuiltObject, Origin
from meshwright.yaml import parse, parse_all

TAG = "internal.meshwright/build"
_ORIGIN = "config.kubernetes.io/origin"


def read_output(text: str, group_folder: Path, repository: Path) -> Iterator[tuple[int, BuiltObject]]:
    """Each object with the number of the build it belongs to.

    ``group_folder`` is what kustomize's origins are relative to.
    """
    for data in parse_all(text, "kustomize's output"):
        annotations = data.get("metadata", {}).get("annotations", {})
        number = int(annotations.pop(TAG, -1))
        origin = _origin(annotations.pop(_ORIGIN, ""), group_folder, repository)
        if not annotations:
            data["metadata"].pop("annotations", None)
        yield number, BuiltObject(data, origin)


def _origin(text: str, group_folder: Path, repository: Path) -> Origin:
    said: Any = parse(text) if text else None
    if not isinstance(said, dict):
        return Origin()
    found = {}
    for key, name in (("path", "path"), ("configuredIn", "configured_in")):
        if isinstance(said.get(key), str):
            whole = os.path.normpath(group_folder / said[key])
            found[name] = os.path.relpath(whole, repository).replace(os.sep, "/")
    return Origin(**found)
