"""The charts that a chart in this repository installs as its dependencies, each with its part of the values.

source: helm v3, pkg/chartutil/dependencies.go: values below alias or name, condition, then tags; charts of
apiVersion v1 have them in requirements.yaml.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from meshwright.errors import Position
from meshwright.manifests.chartcopy import dependency_reference, local_dependency
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.kustomization import join
from meshwright.manifests.values import ChartReference, ValuesLayer, merge
from meshwright.yaml import Document, YamlFault
from meshwright.yaml.pointer import Pointer, holds, items_of, mapping_of, value_at

# Charts that contain each other have no end.
_DEPTH = 5


@dataclass(frozen=True)
class ChartDependency:
    """A dependency of Chart.yaml that is installed; ``position`` is that of its version."""

    chart: ChartReference
    name: str
    repository: str
    position: Position
    layers: Sequence[ValuesLayer]


def dependencies_of(
    files: RepositoryFiles, folder: str, layers: Sequence[ValuesLayer] = (), depth: int = 0
) -> Iterator[ChartDependency]:
    """The charts from elsewhere that the chart in ``folder`` installs, with ``layers`` over its values.yaml.

    A dependency that is in this repository, too, is replaced by its own dependencies.
    """
    own, lock = chart_values(files, folder), _first(files, join(folder, "Chart.lock"))
    all_layers = [*([own] if own else []), *layers]
    values = merge(all_layers).data
    for document, number, data in _entries(files, folder):
        chart = dependency_reference(data, lock.data if lock else None)
        key = str(data.get("alias") or chart.name)
        if not chart.name or _is_off(values, data):
            continue
        at = document.position(("dependencies", number, "version"))
        parts = [part for layer in all_layers if (part := _part(layer, key)) is not None]
        inner = local_dependency(folder, data)
        if inner and depth < _DEPTH and files.is_file(join(inner, "Chart.yaml")):
            yield from dependencies_of(files, inner, parts, depth + 1)
        else:
            yield ChartDependency(chart, key, chart.source, at, parts)


def chart_values(files: RepositoryFiles, folder: str) -> ValuesLayer | None:
    """The values.yaml of the chart in ``folder``."""
    own = _first(files, join(folder, "values.yaml"))
    return _layer(own) if own else None


def local_dependencies(files: RepositoryFiles, folder: str) -> Iterator[str]:
    """The folders of this repository that the chart in ``folder`` names as its dependencies."""
    for _, _, data in _entries(files, folder):
        if inner := local_dependency(folder, data):
            yield inner


def _entries(files: RepositoryFiles, folder: str) -> Iterator[tuple[Document, int, Mapping[str, Any]]]:
    for name in ("Chart.yaml", "requirements.yaml"):
        document = _first(files, join(folder, name))
        for number, entry in enumerate(items_of(document.data.get("dependencies")) if document else ()):
            if document is not None:
                yield document, number, mapping_of(entry)


def _is_off(values: dict[str, Any], dependency: Mapping[str, Any]) -> bool:
    """Whether the first value of the condition's paths is false, or else all tags that have a value are."""
    for path in str(dependency.get("condition") or "").split(","):
        pointer = tuple(path.strip().split("."))
        if holds(values, pointer) and isinstance(value_at(values, pointer), bool):
            return value_at(values, pointer) is False
    tags = mapping_of(values.get("tags"))
    found = [
        tags[tag] for tag in map(str, items_of(dependency.get("tags"))) if isinstance(tags.get(tag), bool)
    ]
    return bool(found) and not any(found)


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
