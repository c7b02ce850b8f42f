"""Manifests that nothing in the repository applies: those of the mesh are judged, the others only counted."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection

from meshwright.check.model.meshfiles import mentions_mesh
from meshwright.check.model.repository import Repository, Root, RootKind
from meshwright.errors import Position
from meshwright.finding import NotSeen
from meshwright.manifests.inputsreader import BuildInputsReader
from meshwright.manifests.kustomization import FILE_NAMES
from meshwright.manifests.manifestfile import named_documents, object_name
from meshwright.manifests.source import position_of
from meshwright.manifests.unit import BuiltObject, Origin
from meshwright.words import plural

_MANIFEST = (
    re.compile(rb"^apiVersion:", re.M),
    re.compile(rb"^kind:", re.M),
    re.compile(rb"^metadata:", re.M),
)
# Files that tools read, not clusters: they look like manifests.
_OF_TOOLS = re.compile(
    rb"^apiVersion: *[\"']?(?:kustomize\.config|k3d\.io|kind\.x-k8s|config\.|krew|v2\b)", re.M
)
_MOST_BYTES = 1024 * 1024


def add_unapplied(repository: Repository, inputs: BuildInputsReader, known: Collection[str]) -> None:
    """Add a root for each such file of the mesh, and say under "not seen" what nothing applies.

    ``known`` are files whose objects were found in another way.
    """
    taken = {*known, *inputs.resources, *inputs.ingredients, *repository.dormant}
    for root in repository.roots:
        if root.unit is not None:
            taken |= {*root.unit.inputs.files, *root.unit.plain}
    charts = {
        posixpath.dirname(path) for path in repository.files.yaml_paths() if path.endswith("Chart.yaml")
    }
    by_folder: dict[str, list[str]] = {}
    for path in repository.files.yaml_paths():
        is_left = path not in taken and not _is_of_tool(path) and not _is_below(path, charts)
        if is_left and _is_manifest(repository, path):
            by_folder.setdefault(posixpath.dirname(path) or ".", []).append(path)
    for folder, paths in by_folder.items():
        own = repository.index.get(folder)
        if own is not None and own.fault is not None:
            continue
        named = f"'{paths[0]}'" if len(paths) == 1 else f"{plural(len(paths), 'manifest')} in '{folder}'"
        which = "it" if len(paths) == 1 else "them"
        reason = f"nothing that the check can see applies {which}"
        if own is not None:
            reason = f"{own.path} does not list {which}, and {reason}"
        repository.not_seen.append(NotSeen(named, reason, Position(paths[0])))
        for path in paths:
            if mentions_mesh(repository.files, path):
                _add(repository, path)


def _is_of_tool(path: str) -> bool:
    hidden = any(part.startswith(".") for part in path.split("/"))
    return hidden or posixpath.basename(path) in (*FILE_NAMES, "mesh.yaml", "Chart.yaml")


def _is_below(path: str, folders: Collection[str]) -> bool:
    above = posixpath.dirname(path)
    while above:
        if above in folders:
            return True
        above = posixpath.dirname(above)
    return "" in folders


def _is_manifest(repository: Repository, path: str) -> bool:
    text = repository.files.peek(path, _MOST_BYTES)
    return all(mark.search(text) for mark in _MANIFEST) and not _OF_TOOLS.search(text)


def _add(repository: Repository, path: str) -> None:
    """Add the root of a file. It is for a cluster of its own: what nothing applies provides nothing."""
    objects = tuple(
        BuiltObject(data, Origin(path))
        for _, _, data in named_documents(repository.files, path)
        if data.get("kind") and data.get("apiVersion") and object_name(data)
    )
    if not objects:
        return
    at = position_of(repository.files, objects[0])
    cluster = f"{path} (not applied)"
    repository.unapplied.add(path)
    repository.add_root(Root(RootKind.FILE, path, path, cluster, at, True, objects, complete=False))
