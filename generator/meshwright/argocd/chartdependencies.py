"""The charts that a chart in this repository installs as its dependencies, each with its part of the values.

source: helm v3, pkg/chartutil/dependencies.go: values below alias or name, and condition.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from meshwright.errors import Position
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.kustomization import join
from meshwright.manifests.values import ChartReference, ValuesLayer, merge
from meshwright.yaml import Document, YamlFault
from meshwright.yaml.pointer import Pointer, holds, items_of, mapping_of, value_at


@dataclass(frozen=True)
class ChartDependency:
    """A dependency of Chart.yaml that is installed; ``position`` is that of its version."""

    chart: ChartReference
    name: str
    repository: str
    position: Position
    layers: Sequence[ValuesLayer]


def dependencies_of(
    files: RepositoryFiles, folder: str, layers: Sequence[ValuesLayer] = ()
) -> Iterator[ChartDependency]:
    """The dependencies of the chart in ``folder``, installed with ``layers`` over its own values.yaml."""
    document = _first(files, join(folder, "Chart.yaml"))
    if document is None:
        return
    own = _first(files, join(folder, "values.yaml"))
    all_layers = [*([_layer(own)] if own else []), *layers]
    values = merge(all_layers).data
    for number, entry in enumerate(items_of(document.data.get("dependencies"))):
        data = mapping_of(entry)
        chart = ChartReference(str(data.get("name") or ""), str(data.get("version") or ""))
        key = str(data.get("alias") or chart.name)
        if chart.name and not _is_off(values, str(data.get("condition") or "")):
            at = document.position(("dependencies", number, "version"))
            parts = [part for layer in all_layers if (part := _part(layer, key)) is not None]
            yield ChartDependency(chart, key, str(data.get("repository") or ""), at, parts)


def _is_off(values: dict[str, Any], condition: str) -> bool:
    """Whether the first of the condition's paths that has a value is false."""
    for path in condition.split(","):
        pointer = tuple(path.strip().split("."))
        if holds(values, pointer):
            return value_at(values, pointer) is False
    return False


def _part(layer: ValuesLayer, key: str) -> ValuesLayer | None:
    """The values below ``key``, in their places."""
    below = layer.data.get(key)
    if not isinstance(below, dict):
        return None

    def locate(pointer: Pointer, key_of: bool) -> Position:
        return layer.locate((key, *pointer), key_of)

    return ValuesLayer(below, locate)


def _layer(document: Document) -> ValuesLayer:
    return ValuesLayer(document.data, lambda pointer, key: document.position(pointer, key=key))


def _first(files: RepositoryFiles, path: str) -> Document | None:
    try:
        documents = files.documents(path) if files.is_file(path) else []
    except YamlFault:
        return None
    return documents[0] if documents and isinstance(documents[0].data, dict) else None
