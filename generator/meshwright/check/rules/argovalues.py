"""Values for Argo CD's own chart, with which a person installs it, where they stand in the repository."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from meshwright.manifests.files import RepositoryFiles
from meshwright.yaml import Document, YamlFault


def chart_values(files: RepositoryFiles) -> Iterator[tuple[Document, Mapping[str, Any]]]:
    """Each document that sets argocd-cm, in a file whose path says argo, and its ``configs``."""
    for path in files.yaml_paths():
        if "argo" not in path.lower():
            continue
        try:
            documents = files.documents(path)
        except YamlFault:
            continue
        for document in documents:
            configs = document.data.get("configs") if isinstance(document.data, Mapping) else None
            if isinstance(configs, Mapping) and isinstance(configs.get("cm"), Mapping):
                yield document, configs
