"""Argo CD's settings in a repository: its ConfigMaps, its chart, and values files for its chart."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from meshwright.check.model.index import Model
from meshwright.errors import Position
from meshwright.manifests.files import RepositoryFiles
from meshwright.yaml import Document, YamlFault
from meshwright.yaml.pointer import mapping_of


@dataclass(frozen=True)
class ArgoCDSetting:
    """One source of settings: its title, its data, and the position of a key, even if it is not set."""

    title: str
    data: Mapping[str, Any]
    at: Callable[[str], Position]


def settings(model: Model, name: str, part: str) -> Iterator[ArgoCDSetting]:
    """The sources of the ConfigMap ``name``, which the chart renders from ``configs.<part>``; often none."""
    for item in model.items("ConfigMap", ""):
        if item.name == name:
            yield ArgoCDSetting(item.title, item.mapping("data"), partial(item.at, "data"))
    for release in model.charts("argo-cd"):
        at = partial(_at_all, release.position)
        yield ArgoCDSetting(release.title, mapping_of(release.value("configs", part)), at)
    for document, configs in _values(model.files):
        yield ArgoCDSetting(document.path, mapping_of(configs.get(part)), partial(_at_key, document, part))


def _at_all(position: Position, _: str) -> Position:
    return position


def _at_key(document: Document, part: str, key: str) -> Position:
    return document.position(("configs", part, key))


def _values(files: RepositoryFiles) -> Iterator[tuple[Document, Mapping[str, Any]]]:
    """Each values document that sets argocd-cm, in a file with "argo" in its path, with its ``configs``."""
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
