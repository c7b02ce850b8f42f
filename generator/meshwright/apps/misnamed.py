"""Finds files that are meant to be an application's mesh.yaml but have another name or place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from meshwright.apps.loading import FOLDER, SPEC
from meshwright.errors import MeshwrightError
from meshwright.manifests.inside import folders_inside, list_inside, read_inside
from meshwright.words import closest
from meshwright.yaml import parse

# Other spellings of mesh.yaml: another case or suffix, a copy of an editor, a typing error.
_SUFFIX = re.compile(r"\.(?:ya?ml|json|txt)(?:\.(?:txt|ya?ml|bak|orig|old|disabled))?~?\Z", re.IGNORECASE)
_STEM = re.compile(r"[._-]*(?:linkerd|service)?[._-]*me?sh(?:e[sd]|s|wright|spec)?(?: ?\(\d+\)| ?copy)?\Z")
_MOST_DEPTH = 3


def misnamed_spec(root: Path, name: str) -> str:
    """The file in ``apps/<name>`` that is probably its mesh.yaml; empty if there is none."""
    try:
        entries = list_inside(root, f"{FOLDER}/{name}")
    except OSError:
        return ""
    for file in (entry.name for entry in entries if entry.is_file(follow_symlinks=False)):
        path = f"{FOLDER}/{name}/{file}"
        if file != SPEC and _resembles(file) and _is_spec(root, path):
            return path
    return next((path for path in _nested(root, f"{FOLDER}/{name}", _MOST_DEPTH) if _is_spec(root, path)), "")


def _nested(root: Path, folder: str, depth: int) -> Iterator[str]:
    """Every mesh.yaml in a sub-folder of an application."""
    for name in folders_inside(root, folder):
        path = f"{folder}/{name}"
        if (root / path / SPEC).is_file():
            yield f"{path}/{SPEC}"
        if depth:
            yield from _nested(root, path, depth - 1)


def is_misplaced(path: str) -> bool:
    """Whether a path ends in mesh.yaml, but not at a place from which it is read."""
    parts = path.split("/")
    return parts[-1] == SPEC and not (len(parts) == 3 and parts[0] == FOLDER)


def _resembles(file: str) -> bool:
    suffix = _SUFFIX.search(file)
    if suffix is None:
        return file.lower() in ("mesh", "meshyaml", "mesh.yaml~")
    stem = file[: suffix.start()].lower()
    return bool(_STEM.match(stem)) or closest(stem, ["mesh"]) is not None


def _is_spec(root: Path, path: str) -> bool:
    """Whether a file is not a Kubernetes object; one that cannot be read may be a spec."""
    try:
        data = parse(read_inside(root, path).decode("utf-8-sig"), path)
    except (OSError, UnicodeDecodeError, MeshwrightError):
        return True
    return isinstance(data, dict) and "kind" not in data and ("namespace" in data or "inject" in data)
