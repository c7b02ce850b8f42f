"""The sources of pod annotations: pod templates, Namespaces, and the values of charts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from meshwright.check.model.index import Item, Model
from meshwright.check.model.workloads import workloads
from meshwright.errors import Position
from meshwright.yaml import Document, YamlFault, load_documents
from meshwright.yaml.pointer import Pointer

# No known chart nests values deeper.
_MAX_DEPTH = 8


@dataclass(frozen=True)
class AnnotationHolder:
    """``annotations`` of pods in ``namespace``; ``locate`` returns the position of one, or of its key."""

    title: str
    cluster: str
    namespace: str
    annotations: Mapping[str, Any]
    locate: Callable[[str, bool], Position]

    def at(self, name: str, *, key: bool = False) -> Position:
        """The position of an annotation."""
        return self.locate(name, key)


def pods_and_namespaces(model: Model) -> Iterator[AnnotationHolder]:
    """Pod templates, then Namespaces."""
    for workload in workloads(model):
        yield holder_of(workload.item, (*workload.template, "metadata", "annotations"))
    for item in model.items("Namespace", ""):
        yield holder_of(item, ("metadata", "annotations"))


def holder_of(item: Item, pointer: Pointer) -> AnnotationHolder:
    """The annotations at ``pointer`` of an object."""

    def locate(name: str, key: bool) -> Position:
        return item.at(*pointer, name, key=key)

    return AnnotationHolder(item.title, item.cluster, item.namespace, item.mapping(*pointer), locate)


def chart_pods(model: Model) -> Iterator[AnnotationHolder]:
    """The podAnnotations in the values of releases and of k3s's HelmChartConfigs."""
    yield from model.once(_chart_pods)


def _chart_pods(model: Model) -> list[AnnotationHolder]:
    return [*_releases(model), *_k3s(model)]


def annotation_holders(model: Model) -> Iterator[AnnotationHolder]:
    """All annotation holders."""
    yield from pods_and_namespaces(model)
    yield from chart_pods(model)


@dataclass(frozen=True)
class ChartValues:
    """The values of a chart. ``version`` is its pin, or empty if k3s installs the chart (``packaged``)."""

    title: str
    version: str
    data: Mapping[str, Any]
    packaged: bool
    locate: Callable[[Pointer], Position]

    def at(self, *pointer: str | int) -> Position:
        """The position of a value."""
        return self.locate(pointer)


def chart_values(model: Model, chart: str) -> Iterator[ChartValues]:
    """The values of each release of a chart, and those of a HelmChartConfig of the same name."""
    for release in model.charts(chart):

        def of_release(pointer: Pointer, *, by: Any = release) -> Position:
            return by.at(*pointer)  # type: ignore[no-any-return]

        yield ChartValues(release.title, release.chart.version, release.values.data, False, of_release)
    for item in model.items("HelmChartConfig", "helm.cattle.io"):
        document = _values_text(item)
        if item.name == chart and document is not None and isinstance(document.data, Mapping):

            def of_text(pointer: Pointer, *, by: Item = item, text: Document = document) -> Position:
                return _inside(by, text.position(pointer))

            yield ChartValues(item.title, "", document.data, True, of_text)
        structured = item.mapping("spec", "values")
        if item.name == chart and structured:

            def of_spec(pointer: Pointer, *, by: Item = item) -> Position:
                return by.at("spec", "values", *pointer)

            yield ChartValues(item.title, "", structured, True, of_spec)


def _releases(model: Model) -> Iterator[AnnotationHolder]:
    for release in model.releases:
        for pointer, given in pod_annotations(release.values.data, ()):

            def locate(name: str, key: bool, *, of: Pointer = pointer, by: Any = release) -> Position:
                return by.at(*of, name, key=key)  # type: ignore[no-any-return]

            yield AnnotationHolder(release.title, release.cluster, release.namespace, given, locate)


def _k3s(model: Model) -> Iterator[AnnotationHolder]:
    for kind in ("HelmChartConfig", "HelmChart"):
        for item in model.items(kind, "helm.cattle.io"):
            for pointer, given in pod_annotations(item.mapping("spec", "values"), ("spec", "values")):
                yield replace(holder_of(item, pointer), annotations=given)
            document = _values_text(item)
            if document is None:
                continue
            for pointer, given in pod_annotations(document.data, ()):

                def locate(
                    name: str, key: bool, *, of: Pointer = pointer, by: Item = item, text: Document = document
                ) -> Position:
                    return _inside(by, text.position((*of, name), key=key))

                namespace = str(item.get("spec", "targetNamespace") or item.namespace)
                yield AnnotationHolder(item.title, item.cluster, namespace, given, locate)


def _values_text(item: Item) -> Document | None:
    text = item.get("spec", "valuesContent")
    try:
        documents = load_documents(text, "values") if isinstance(text, str) else []
    except YamlFault:
        return None
    return documents[0] if documents else None


def _inside(item: Item, inner: Position) -> Position:
    """Map a position in the values text to a position in the file, if the text is a block scalar."""
    start = item.at("spec", "valuesContent")
    try:
        lines = item.files.text(start.path).splitlines()
    except YamlFault:
        return start
    if not lines[start.line - 1][start.column - 1 :].startswith(("|", ">")):
        return start
    block = lines[start.line :]
    first = next((line for line in block if line.strip()), "")
    blank = next((number for number, line in enumerate(block) if line.strip()), 0)
    indent = len(first) - len(first.lstrip())
    return Position(start.path, start.line + max(inner.line, blank), indent + inner.column)


def pod_annotations(data: Any, pointer: Pointer = ()) -> Iterator[tuple[Pointer, Mapping[str, Any]]]:
    """Every mapping of pod annotations in a chart's values, with the pointer to it."""
    if not isinstance(data, Mapping) or len(pointer) > _MAX_DEPTH:
        return
    for key, value in data.items():
        here = (*pointer, key)
        if isinstance(value, Mapping):
            if str(key).lower().endswith("podannotations"):
                yield here, value
            else:
                yield from pod_annotations(value, here)
