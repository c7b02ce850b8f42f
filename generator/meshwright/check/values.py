"""Step 4: the values that HelmReleases and helmCharts give to charts whose values are known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from meshwright.check.charts import chart_schema, values_submission
from meshwright.check.repository import Repository, Root
from meshwright.check.submission import Submission
from meshwright.flux.helmrelease import (
    ValuesReference,
    chart_of,
    is_helm_release,
    values_references,
)
from meshwright.flux.substitution import unresolved
from meshwright.flux.values import ConfigMapKey
from meshwright.manifests.finding import Finding, NotSeen
from meshwright.manifests.generated import generator_entry
from meshwright.manifests.kustomization import KustomizationFile, join
from meshwright.manifests.pointer import items_of
from meshwright.manifests.source import position_of
from meshwright.manifests.unit import BuiltObject
from meshwright.manifests.values import ChartReference, ValuesLayer, at_path, merge
from meshwright.yaml import YamlFault, parse


def values_submissions(repository: Repository) -> Iterator[Finding | Submission]:
    """The merged values of every release, and of every helmCharts entry."""
    for root, release in repository.by_kind.get("HelmRelease", []):
        if is_helm_release(release):
            yield from _Release(repository, root, release).submissions()
    for item in repository.releases:
        if chart_schema(item.chart.name) is not None and item.layers:
            yield from values_submission(item.chart, merge(item.layers), item.subject, lambda _: False)
    for folder in repository.index.folders:
        kustomization = repository.index.get(folder)
        if kustomization is not None and kustomization.data.get("helmCharts"):
            yield from _helm_charts(repository, kustomization)


class _Release:
    def __init__(self, repository: Repository, root: Root, release: BuiltObject) -> None:
        self._repository = repository
        self._root = root
        self._release = release

    def submissions(self) -> Iterator[Finding | Submission]:
        layers: list[ValuesLayer] = []
        targets: list[ValuesLayer] = []
        for reference in values_references(self._release):
            yield from self._read(reference, layers, targets)
        spec = self._release.data.get("spec")
        inline = spec.get("values") if isinstance(spec, Mapping) else None
        if isinstance(inline, dict):
            layers.append(ValuesLayer(inline, self._inline_position))
        # Flux puts what has a targetPath over everything else, inline values too.
        layers.extend(targets)
        chart = chart_of(self._release, self._sources())
        if chart is None or chart_schema(chart.name) is None or not layers:
            return
        yield from values_submission(chart, merge(layers), self._release.title, self._is_unknown)

    def _read(
        self, reference: ValuesReference, layers: list[ValuesLayer], targets: list[ValuesLayer]
    ) -> Iterator[Finding]:
        at = self._position("spec", "valuesFrom", reference.number)
        if reference.kind != "ConfigMap":
            reason = f"its values from {reference.kind} '{reference.name}' are not looked at"
            self._repository.not_seen.append(NotSeen(self._release.title, reason, at))
            return
        config_map = self._config_map(reference.name)
        if config_map is None:
            if not reference.optional:
                yield from self._missing(reference)
            return
        data = config_map.data.get("data")
        if not isinstance(data, Mapping) or reference.key not in data:
            if not reference.optional:
                title = self._release.title
                message = f"{title} reads key '{reference.key}' of {config_map.title}, which has no such key"
                yield Finding("values/missing-key", at, message, subject=self._release.title)
            return
        if reference.target:
            where = position_of(self._repository.files, config_map, ("data", reference.key))
            value = (
                parse(str(data[reference.key]))
                if "\n" not in str(data[reference.key])
                else data[reference.key]
            )
            if added := at_path(reference.target, value):
                targets.append(ValuesLayer(added, lambda _pointer, _key: where))
            return
        key = ConfigMapKey(self._repository.files, self._repository.index, config_map, reference.key)
        try:
            layers.append(key.layer())
        except YamlFault as fault:
            yield Finding("values/yaml", fault.position, fault.problem, subject=self._release.title)

    def _config_map(self, name: str) -> BuiltObject | None:
        """The ConfigMap that the cluster would find under that name."""
        for root, built in self._repository.by_kind.get("ConfigMap", []):
            if root.cluster != self._root.cluster or built.name != name:
                continue
            if _place(built) != _place(self._release):
                continue
            entry = generator_entry(self._repository.index, built)
            # Kustomize rewrites a hashed name within one build alone; across roots only one process did it.
            if root is self._root or entry is None or not entry.hashes_name or self._is_written(name):
                return built
        return None

    def _is_written(self, name: str) -> bool:
        path = self._release.origin.path
        try:
            return path is not None and name in self._repository.files.text(path)
        except YamlFault:
            return False

    def _missing(self, reference: ValuesReference) -> Iterator[Finding]:
        at = self._position("spec", "valuesFrom", reference.number, "name")
        unbuilt = [
            root.path
            for root in self._repository.roots
            if root.cluster == self._root.cluster and not root.built
        ]
        if unbuilt:
            name = f"ConfigMap '{reference.name}'"
            reason = f"{name} is not built here, and may be part of '{unbuilt[0]}', which does not build"
            self._repository.not_seen.append(NotSeen(self._release.title, reason, at))
            return
        what, fix = self._why_missing(reference.name)
        message = f"{self._release.title} reads values from ConfigMap {what}"
        yield Finding("values/missing-configmap", at, message, fix, self._release.title)

    def _why_missing(self, name: str) -> tuple[str, str]:
        """What is known of a ConfigMap that the cluster would not find, and the way out."""
        place = _place(self._release)
        nothing = f"'{name}', which nothing builds in namespace '{place}'"
        for root, built in self._repository.by_kind.get("ConfigMap", []):
            if root.cluster != self._root.cluster:
                continue
            here = _place(built) == place
            entry = generator_entry(self._repository.index, built)
            if entry and here and built.name == name:
                what = f"'{entry.data['name']}', which '{root.path}' alone builds, under the name '{name}'"
                return what, "generate it in the same build, or set disableNameSuffixHash"
            if entry and here and entry.data.get("name") == name:
                return f"{nothing}; configMapGenerator makes it '{built.name}'", (
                    "add a configurations file with a nameReference for spec/valuesFrom/name of HelmRelease, "
                    "or set disableNameSuffixHash"
                )
            if built.name == name:
                return f"{nothing}; namespace '{_place(built)}' has one", ""
        return nothing, ""

    def _is_unknown(self, value: Any) -> bool:
        return not self._root.complete and unresolved(value)

    def _sources(self) -> dict[tuple[str, str, str], BuiltObject]:
        return {
            (kind, built.namespace, built.name): built
            for kind in ("OCIRepository", "HelmChart")
            for root, built in self._repository.by_kind.get(kind, [])
            if root.cluster == self._root.cluster
        }

    def _position(self, *pointer: str | int) -> Any:
        return position_of(self._repository.files, self._release, pointer)

    def _inline_position(self, pointer: tuple[str | int, ...], key: bool) -> Any:
        return position_of(self._repository.files, self._release, ("spec", "values", *pointer), key=key)


def _place(built: BuiltObject) -> str:
    return built.namespace or "default"


def _helm_charts(repository: Repository, kustomization: KustomizationFile) -> Iterator[Finding | Submission]:
    """The values of each helmCharts entry: valuesFile, then valuesInline over it."""
    charts = kustomization.data["helmCharts"]
    for number, entry in enumerate(charts if isinstance(charts, list) else []):
        if not isinstance(entry, dict) or chart_schema(str(entry.get("name"))) is None:
            continue
        layers: list[ValuesLayer] = []
        for file in [entry.get("valuesFile"), *items_of(entry.get("additionalValuesFiles"))]:
            if not isinstance(file, str):
                continue
            try:
                documents = repository.files.documents(join(kustomization.folder, file))
            except YamlFault as fault:
                yield Finding("values/yaml", fault.position, fault.problem)
                continue
            if documents and isinstance(documents[0].data, dict):
                found = documents[0]
                layers.append(ValuesLayer(found.data, lambda p, k, found=found: found.position(p, key=k)))  # type: ignore[misc]
        inline = entry.get("valuesInline")
        if isinstance(inline, dict):
            start = ("helmCharts", number, "valuesInline")
            layers.append(
                ValuesLayer(inline, lambda p, k, start=start: kustomization.position((*start, *p), key=k))  # type: ignore[misc]
            )
        if layers:
            chart = ChartReference(str(entry["name"]), str(entry.get("version") or ""))
            yield from values_submission(chart, merge(layers), f"helmCharts '{chart.name}'", lambda _: False)
