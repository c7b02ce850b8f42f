"""The tree of Kustomizations in each cluster, from its entry point, with the objects that each applies."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from meshwright.faults import contained
from meshwright.finding import Finding, NotSeen, UnseenScope
from meshwright.flux.configdata import data_of
from meshwright.flux.discovery import FluxDiscovery
from meshwright.flux.generator import KustomizationUnitMaker
from meshwright.flux.kustomization import INSTANCE_GROUP, FluxKustomization, SourceReference, is_kustomization
from meshwright.flux.resourceset import InputMissing, NotExpanded, expand, is_resource_set
from meshwright.flux.sources import OwnSources
from meshwright.flux.substitution import Substitution, Variables, read_variables
from meshwright.manifests.builds import Builds
from meshwright.manifests.kustomization import KustomizationIndex
from meshwright.manifests.renamed import Names
from meshwright.manifests.source import position_of
from meshwright.manifests.unit import BuildUnit, BuiltObject
from meshwright.yaml.pointer import items_of, mapping_of

_DEPTH = 20


@dataclass
class AppliedKustomization:
    """One Kustomization in one cluster, and what it applies."""

    kustomization: FluxKustomization
    cluster: str
    unit: BuildUnit
    objects: list[BuiltObject] = field(default_factory=list)
    variables: Variables = field(default_factory=Variables)
    # Findings of the substitution.
    faults: list[Finding] = field(default_factory=list)
    built: bool = False

    @property
    def place(self) -> str:
        """The cluster that gets its objects."""
        return self.kustomization.place(self.cluster)


class FluxTree:
    """Finds Kustomizations level by level: first those in files, then those that only exist in built output.

    The Kustomization that applies another one may patch it or substitute variables in it, so the built form
    is authoritative. The raw form is used to build nearly everything in the first round.
    """

    def __init__(
        self,
        discovery: FluxDiscovery,
        sources: OwnSources,
        maker: KustomizationUnitMaker,
        builds: Builds,
        index: KustomizationIndex,
    ) -> None:
        self._sources = sources
        self._maker = maker
        self._builds = builds
        self._index = index
        self._raw = discovery.kustomizations
        self._first: list[tuple[FluxKustomization, BuildUnit]] = []
        # By cluster, kind and name, then by namespace.
        self._config_objects: dict[tuple[str, str, str], dict[str, BuiltObject]] = {}
        self.instances: list[AppliedKustomization] = []
        self.findings: list[Finding] = []
        self.not_seen: list[NotSeen] = []
        # Objects of flux-operator seen so far, which may give ResourceSets their inputs.
        self._providers: list[BuiltObject] = []
        # Clusters and titles of Kustomizations that a parent with unknown variables applies.
        self._open: set[tuple[str, str]] = set()
        self._entry_folders: set[str] = set()
        for item in self._raw:
            with self._contained(item):
                if item.source in sources and _builds_itself(item):
                    self._entry_folders.add(item.path)

    def first_units(self) -> list[BuildUnit]:
        """The build units of all raw Kustomizations whose path exists: the first round of builds."""
        self._first = []
        for item in self._raw:
            with self._contained(item):
                if item.source in self._sources and not self._maker.path_finding(item):
                    self._first.append((item, self._maker.unit(item, self.cluster_of(item.origin))))
        return [unit for _, unit in self._first]

    def is_same_repository(self, source: SourceReference) -> bool:
        """Whether a source of a chart is this repository."""
        return self._sources.is_same_repository(source)

    def cluster_of(self, path: str) -> str:
        """The cluster that a file belongs to, as the path of its folder."""
        folder = posixpath.dirname(path)
        while folder:
            if folder in self._entry_folders:
                return folder
            folder = posixpath.dirname(folder)
        parts = path.split("/")
        return "/".join(parts[:2]) if parts[0] == "clusters" and len(parts) > 2 else ""

    def grow(self) -> None:
        """Walk down from the entry points, level by level; build ``first_units`` before."""
        seen: set[tuple[str, str, str]] = set()
        level = [(item, self.cluster_of(item.origin)) for item in self._roots()]
        for _ in range(_DEPTH):
            level = self._grow_level(level, seen)
            if not level:
                break
        # Kustomizations that only apply each other have no entry point; check them too.
        visited: dict[str, Names] = {}
        for _, name, origin in seen:
            visited.setdefault(origin, Names()).add(name)
        rest = [
            item
            for item in self._raw
            if not _applied(item, visited) and not ("${" in item.name and item.origin in visited)
        ]
        self._grow_level([(item, self.cluster_of(item.origin)) for item in rest], seen)

    def _roots(self) -> list[FluxKustomization]:
        """Raw Kustomizations that no other Kustomization applies."""
        applied: dict[str, Names] = {}
        for item, unit in self._first:
            for built in self._builds.result(unit).objects:
                if is_kustomization(built.data) and built.name != item.built.name:
                    applied.setdefault(built.origin.path or "", Names()).add(built.name)
        return [item for item in self._raw if not _applied(item, applied)]

    def _grow_level(
        self, level: Iterable[tuple[FluxKustomization, str]], seen: set[tuple[str, str, str]]
    ) -> list[tuple[FluxKustomization, str]]:
        instances = []
        for item, cluster in level:
            key = (cluster, item.name, item.origin)
            if key in seen:
                continue
            seen.add(key)
            with self._contained(item):
                if instance := self._instance(item, cluster):
                    instances.append(instance)
        self._builds.ensure(instance.unit for instance in instances)
        self.instances.extend(instances)
        for instance in instances:
            result = self._builds.result(instance.unit)
            instance.built = result.built
            self.findings.extend(result.findings)
            for built in result.objects:
                self._record_config(instance, built, final=False)
        following: list[tuple[FluxKustomization, str]] = []
        for instance in instances:
            with self._contained(instance.kustomization):
                following.extend(self._apply(instance))
        return following

    def _contained(self, item: FluxKustomization) -> AbstractContextManager[None]:
        return contained(self.findings, f"reading {item.title}", item.position, item.title)

    def _instance(self, item: FluxKustomization, cluster: str) -> AppliedKustomization | None:
        if item.source not in self._sources:
            reason = self._sources.reason(item)
            self.not_seen.append(NotSeen(item.title, reason, item.path_position, self._scope(item, cluster)))
            return None
        if "${" in str(item.spec.get("path")):
            reason = "its path contains a variable that this repository does not define"
            self.not_seen.append(NotSeen(item.title, reason, item.path_position, self._scope(item, cluster)))
            return None
        if finding := self._maker.path_finding(item):
            self.findings.append(finding)
            return None
        return AppliedKustomization(item, cluster, self._maker.unit(item, cluster))

    def _scope(self, item: FluxKustomization, cluster: str) -> UnseenScope:
        """What a Kustomization that cannot be built may bring."""
        target = item.spec.get("targetNamespace")
        url = self._sources.url(item.source)
        return UnseenScope(item.place(cluster), (str(target),) if target else (), url=url)

    def _apply(self, instance: AppliedKustomization) -> Iterator[tuple[FluxKustomization, str]]:
        """Substitute variables in an instance's objects; yields the Kustomizations among them."""
        item = instance.kustomization
        is_open = (instance.cluster, item.title) in self._open
        variables = read_variables(
            item, lambda *wanted: self._lookup(instance.cluster, *wanted), is_open=is_open
        )
        instance.variables = variables
        if variables.unseen:
            self._report_unseen(item, variables)
        substitution = Substitution(item, variables, self._index)
        objects = [
            _with_common_metadata(substitution.apply(raw), item)
            for raw in self._builds.result(instance.unit).objects
        ]
        self._providers += [built for built in objects if built.group == INSTANCE_GROUP]
        for built in [*objects, *self._of_resource_sets(instance, objects)]:
            instance.objects.append(built)
            self._record_config(instance, built, final=True)
            if is_kustomization(built.data) and built.name != item.built.name:
                child = FluxKustomization(built, item.files)
                if is_open or variables.unseen:
                    self._open.add((instance.place, child.title))
                yield child, instance.place
        instance.faults = substitution.findings
        self.findings.extend(substitution.findings)

    def _of_resource_sets(
        self, instance: AppliedKustomization, objects: list[BuiltObject]
    ) -> Iterator[BuiltObject]:
        """What flux-operator makes of the ResourceSets among ``objects``."""
        files = instance.kustomization.files
        for built in objects:
            if not is_resource_set(built):
                continue
            try:
                yield from expand(built, self._providers, partial(position_of, files, built))
            except NotExpanded as reason:
                if isinstance(reason, InputMissing):
                    text = f"{built.title} reads '{reason.path}', which no input gives: "
                    text += "flux-operator applies none of its objects"
                    fix = "add the input, or correct its name"
                    at = position_of(files, built, reason.pointer)
                    self.findings.append(Finding("build/resource-set", at, text, fix, subject=built.title))
                scope = UnseenScope(instance.place)
                self.not_seen.append(NotSeen(built.title, str(reason), position_of(files, built), scope))

    def _report_unseen(self, item: FluxKustomization, variables: Variables) -> None:
        names = ", ".join(variables.unseen)
        reason = (
            f"variables from {names} are not in this repository; values that depend on them are not checked"
        )
        field = (
            "substituteFrom" if items_of(mapping_of(item.spec.get("postBuild")).get("substituteFrom")) else ""
        )
        at = item.position("spec", "postBuild", field or "substitute", key=True)
        self.not_seen.append(NotSeen(item.title, reason, at))

    def _record_config(self, instance: AppliedKustomization, built: BuiltObject, *, final: bool) -> None:
        if built.kind in ("ConfigMap", "Secret"):
            named = self._config_objects.setdefault((instance.place, built.kind, built.name), {})
            if final or built.namespace not in named:
                named[built.namespace] = built

    def _lookup(self, cluster: str, kind: str, namespace: str, name: str) -> Mapping[str, str] | None:
        for in_namespace, built in self._config_objects.get((cluster, kind, name), {}).items():
            if in_namespace == namespace or not in_namespace or not namespace:
                return data_of(built)
        return None


def _builds_itself(item: FluxKustomization) -> bool:
    """Whether it builds the folder of its own file, as a cluster's entry point does."""
    return item.path != "." and item.origin.startswith(f"{item.path}/")


def _applied(item: FluxKustomization, applied: Mapping[str, Names]) -> bool:
    # The build may have added a prefix or suffix to the name.
    return item.origin in applied and item.built.name in applied[item.origin]


def _with_common_metadata(built: BuiltObject, item: FluxKustomization) -> BuiltObject:
    common = item.spec.get("commonMetadata")
    if not isinstance(common, Mapping):
        return built
    metadata: dict[str, Any] = dict(built.metadata)
    for name in ("labels", "annotations"):
        added, own = common.get(name), metadata.get(name)
        if isinstance(added, Mapping) and added:
            metadata[name] = {**mapping_of(own), **added}
    return BuiltObject({**built.data, "metadata": metadata}, built.origin)
