"""The values of a HelmRelease: from ConfigMaps and inline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from meshwright.check.model.repository import Repository, Root
from meshwright.errors import Position
from meshwright.finding import Finding, NotSeen
from meshwright.flux.helmrelease import ValuesReference, values_references
from meshwright.flux.substitution import unresolved
from meshwright.flux.values import ConfigMapKey
from meshwright.manifests.generated import generator_entry
from meshwright.manifests.manifestfile import yaml_finding
from meshwright.manifests.source import position_of
from meshwright.manifests.unit import BuiltObject
from meshwright.manifests.values import ValuesLayer, at_path
from meshwright.yaml import YamlFault, parse
from meshwright.yaml.pointer import Pointer


class ValuesSource:
    """Reads the layers of values of one release; ``findings`` collects their faults.

    ``complete`` is false if a layer is not in the repository, which is reported as not seen, or has a fault.
    """

    def __init__(self, repository: Repository, root: Root, release: BuiltObject) -> None:
        self._repository = repository
        self._root = root
        self._release = release
        self.findings: list[Finding] = []
        self.complete = True

    def layers(self) -> list[ValuesLayer]:
        """Every layer, lowest precedence first."""
        layers: list[ValuesLayer] = []
        targets: list[ValuesLayer] = []
        for reference in values_references(self._release):
            faults = [*self._read(reference, layers, targets)]
            self.complete = self.complete and not faults
            self.findings.extend(faults)
        spec = self._release.data.get("spec")
        inline = spec.get("values") if isinstance(spec, Mapping) else None
        if isinstance(inline, dict):
            layers.append(ValuesLayer(inline, self._inline_position))
        # In Flux, values with a targetPath override everything else, including inline values.
        return [*layers, *targets]

    def _read(
        self, reference: ValuesReference, layers: list[ValuesLayer], targets: list[ValuesLayer]
    ) -> Iterator[Finding]:
        at = self._position("spec", "valuesFrom", reference.number)
        if reference.kind != "ConfigMap":
            reason = f"its values from {reference.kind} '{reference.name}' are not read"
            self._not_seen(reason, at)
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
                fix = "correct valuesKey, or add the key"
                yield Finding("values/missing-key", at, message, fix, self._release.title)
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
            if unresolved(str(data[reference.key])):
                reason = f"its values in {config_map.title} contain variables that are not in this repository"
                self._not_seen(reason, at)
                return
            yield yaml_finding(fault, "values/yaml", self._release.title)

    def _config_map(self, name: str) -> BuiltObject | None:
        """The ConfigMap that the cluster would find by this name."""
        for root, built in self._named(name):
            if built.name != name:
                continue
            if _place(built) != _place(self._release):
                continue
            entry = generator_entry(self._repository.index, built)
            # kustomize only updates a reference to a hashed name within one build, not across roots.
            if root is self._root or entry is None or not entry.hashes_name or self._is_written(name):
                return built
        return None

    def _named(self, name: str) -> list[tuple[Root, BuiltObject]]:
        return self._repository.by_name.get((self._root.cluster, "ConfigMap", name), [])

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
            reason = f"{name} is not built here, but may be part of '{unbuilt[0]}', which cannot be built"
            self._not_seen(reason, at)
            return
        what, fix = self._why_missing(reference.name)
        message = f"{self._release.title} reads values from ConfigMap {what}"
        yield Finding("values/missing-configmap", at, message, fix, self._release.title)

    def _why_missing(self, name: str) -> tuple[str, str]:
        """Why the cluster would not find a ConfigMap, and the fix."""
        place = _place(self._release)
        nothing = f"'{name}', which nothing builds in namespace '{place}'"
        for root, built in self._named(name):
            here = _place(built) == place
            entry = generator_entry(self._repository.index, built)
            if entry and here and entry.data.get("name") == name and root is not self._root:
                what = f"'{name}', which only '{root.path}' builds, under the name '{built.name}'"
                return what, "generate it in the same build, or set disableNameSuffixHash"
            if entry and here and built.name == name:
                what = f"'{entry.data['name']}', which only '{root.path}' builds, under the name '{name}'"
                return what, "generate it in the same build, or set disableNameSuffixHash"
            if entry and here and entry.data.get("name") == name:
                return f"{nothing}; configMapGenerator names it '{built.name}'", (
                    "add a configurations file with a nameReference for spec/valuesFrom/name of HelmRelease, "
                    "or set disableNameSuffixHash"
                )
            if built.name == name:
                return f"{nothing}; namespace '{_place(built)}' has one", ""
        return nothing, ""

    def _not_seen(self, reason: str, at: Position) -> None:
        self.complete = False
        self._repository.not_seen.append(NotSeen(self._release.title, reason, at))

    def _position(self, *pointer: str | int) -> Position:
        return position_of(self._repository.files, self._release, pointer)

    def _inline_position(self, pointer: Pointer, key: bool) -> Position:
        return position_of(self._repository.files, self._release, ("spec", "values", *pointer), key=key)


def _place(built: BuiltObject) -> str:
    return built.namespace or "default"
