"""Which files are in force, and which a person has switched off."""

from __future__ import annotations

import posixpath

from meshwright.manifests.closure import ClosureReader
from meshwright.manifests.kustomization import KustomizationIndex


def in_force(path: str, index: KustomizationIndex, closures: ClosureReader, generated: set[str]) -> bool:
    """Whether something takes the file in, or nothing decides about it and a person applies it.

    A file beside a kustomization.yaml that does not list it is switched off.
    """
    if path in closures.resources:
        return True
    folder = posixpath.dirname(path) or "."
    while True:
        if folder in index:
            return False
        if folder in generated or folder == ".":
            return True
        folder = posixpath.dirname(folder) or "."
