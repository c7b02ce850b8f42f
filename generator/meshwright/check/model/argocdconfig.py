"""Argo CD's settings in a repository: its ConfigMaps, its chart, and values files for its chart."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from meshwright.check.model.index import Model
from meshwright.check.model.releases import ChartRelease
from meshwright.errors import Position
from meshwright.manifests.files import RepositoryFiles
from meshwright.yaml import Document, YamlFault
from meshwright.yaml.pointer import mapping_of

# The settings of argocd-cm that give Applications a health, as a Lua script that reads ``obj``.
_HEALTH = "resource.customizations.health.argoproj.io_Application"
_ALL_CUSTOMIZATIONS = "resource.customizations"


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
        at = partial(_at_value, release, part)
        yield ArgoCDSetting(release.title, mapping_of(release.value("configs", part)), at)
    for document, configs in _values(model.files):
        yield ArgoCDSetting(document.path, mapping_of(configs.get(part)), partial(_at_key, document, part))


def health_script(data: Mapping[str, Any]) -> tuple[str, str]:
    """The key of argocd-cm with the health of Applications, and its script; both empty without one.

    source: argo-cd 3.5 util/settings/settings.go: the old key with all customizations is still read.
    """
    if _HEALTH in data:
        return _HEALTH, str(data[_HEALTH])
    script = str(data.get(_ALL_CUSTOMIZATIONS) or "").partition("argoproj.io/Application:")[2]
    return (_ALL_CUSTOMIZATIONS, script) if script else ("", "")


def _at_value(release: ChartRelease, part: str, key: str) -> Position:
    pointer = ("configs", part, key)
    return release.at(*pointer, key=True) if release.has(*pointer) else release.position


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
