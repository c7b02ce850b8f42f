"""An entry of a kustomization or of a Flux Kustomization, and the faults in the entry itself."""

from __future__ import annotations

import os
from dataclasses import dataclass

from meshwright.errors import Position
from meshwright.finding import Finding
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.kustomization import (
    FILE_NAMES,
    Expected,
    KustomizationIndex,
    join,
    misspelled,
    rename_fix,
)
from meshwright.manifests.nearpath import near_path


@dataclass(frozen=True)
class EntryPoint:
    """A file or folder that a build starts from; ``position`` is the reference to it."""

    path: str
    position: Position
    expected: Expected = Expected.RESOURCE


def entry_problem(files: RepositoryFiles, index: KustomizationIndex, entry: EntryPoint) -> Finding | None:
    """Why kustomize or Flux refuses an entry before reading its file or folder."""
    path, position = entry.path, entry.position
    if path == ".." or path.startswith(("../", "/")):
        return Finding(
            "build/outside-repository",
            position,
            f"'{path}' lies outside the repository, where Flux cannot read it",
            "write a path relative to this kustomization, to a file of this repository",
        )
    if link := _link(files, path):
        return Finding(
            "build/symbolic-link",
            position,
            f"'{link}' is a symbolic link, which Flux leaves out of its artifacts",
            "refer to the file or folder itself",
        )
    if reason := files.withheld(path):
        return Finding(
            "build/outside-repository",
            position,
            f"'{path}' {reason}, and neither Flux nor Argo CD fetches it",
            "copy the files into the repository",
        )
    if files.is_file(path):
        if entry.expected is Expected.COMPONENT:
            return Finding(
                "build/component",
                position,
                f"'{path}' is a file, but components must be folders of kind Component",
                "list it under resources, or name the folder of a Component",
            )
        return None
    if files.is_folder(path):
        return _folder_problem(files, index, entry)
    near = near_path(files, path)
    fix = "" if near else "restore it from Git, or remove the entry"
    return Finding("build/missing-resource", position, f"'{path}' does not exist{near}", fix)


def _folder_problem(files: RepositoryFiles, index: KustomizationIndex, entry: EntryPoint) -> Finding | None:
    path, position = entry.path, entry.position
    if entry.expected is Expected.FILE:
        return Finding(
            "build/missing-resource",
            position,
            f"'{path}' is a folder, but a file is required",
            "name a file in it",
        )
    kustomization = index.get(path)
    if kustomization is None:
        text = f"folder '{path}' has no kustomization.yaml"
        fix = "add one, or list the folder's files individually"
        if near := misspelled(files.siblings(join(path, FILE_NAMES[0]))):
            text, fix = f"{text}, but {near}", rename_fix(path, near)
        return Finding("build/missing-resource", position, text, fix)
    if kustomization.is_component and entry.expected is Expected.RESOURCE:
        return Finding(
            "build/component",
            position,
            f"'{path}' is a Component and cannot be a resource",
            "list it under components",
        )
    if not kustomization.is_component and not kustomization.fault and entry.expected is Expected.COMPONENT:
        return Finding(
            "build/component",
            position,
            f"'{path}' is a Kustomization and cannot be a component",
            "list it under resources, or change its kind to Component",
        )
    return None


def _link(files: RepositoryFiles, path: str) -> str | None:
    """The first part of ``path`` that is a symbolic link."""
    if files.is_listed(path):
        return None
    seen = ""
    for part in path.split("/"):
        seen = f"{seen}{part}"
        if os.path.islink(f"{files.root}/{seen}"):  # noqa: PTH114 - of any text
            return seen
        seen += "/"
    return None
