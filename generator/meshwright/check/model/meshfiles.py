"""Whether a file has something of the mesh or of an engine, so that it matters whether it is judged."""

from __future__ import annotations

import re

from meshwright.manifests.files import RepositoryFiles

# API groups of the mesh and of both engines, and Linkerd's annotations.
_MESH = re.compile(rb"\blinkerd\.io/")
_GROUPS = re.compile(rb"\b(?:linkerd\.io|toolkit\.fluxcd\.io|argoproj\.io)/")
_MOST_BYTES = 1024 * 1024


def mentions_mesh(files: RepositoryFiles, path: str) -> bool:
    """Whether a file has objects of the mesh; it may not be YAML, such as a template."""
    return _has(_MESH, files, path)


def mentions_mesh_or_engine(files: RepositoryFiles, path: str) -> bool:
    """Whether a file has objects of the mesh or of an engine."""
    return _has(_GROUPS, files, path)


def _has(mark: re.Pattern[bytes], files: RepositoryFiles, path: str) -> bool:
    return mark.search(files.peek(path, _MOST_BYTES)) is not None
