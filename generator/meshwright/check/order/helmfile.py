"""Helmfiles, with which people install charts on a new cluster before the engine takes over."""

from __future__ import annotations

import posixpath
import re

from meshwright.manifests.files import RepositoryFiles
from meshwright.yaml import YamlFault
from meshwright.yaml.pointer import items_of

_RELEASES = re.compile(r"^releases:", re.MULTILINE)


def charts_of_helmfiles(files: RepositoryFiles) -> frozenset[str]:
    """The chart names, without repositories, and the release names of every helmfile."""
    found: set[str] = set()
    for path in files.yaml_paths():
        if "helmfile" not in path:
            continue
        try:
            documents = files.documents(path) if _RELEASES.search(files.text(path)) else []
        except YamlFault:
            # Helmfiles are templates; one that is not valid YAML is ignored.
            continue
        for document in documents:
            releases = document.data.get("releases") if isinstance(document.data, dict) else None
            for release in items_of(releases):
                if isinstance(release, dict):
                    found |= {str(release.get("name")), posixpath.basename(str(release.get("chart") or ""))}
    return frozenset(found)
