"""A repository indexed for checking: its roots and every object that they build.

A check step is a function over this model that yields findings.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from meshwright.errors import MeshwrightError, Position
from meshwright.flux.discovery import Discovery, discover
from meshwright.flux.generator import UnitMaker
from meshwright.flux.ignore import SourceIgnore
from meshwright.flux.kustomization import FluxKustomization
from meshwright.flux.sources import OwnSources
from meshwright.flux.tree import FluxTree, Instance
from meshwright.manifests.builds import Builds, helm_findings, not_seen_helm, not_seen_remote
from meshwright.manifests.closure import ClosureReader
from meshwright.manifests.entry import Entry
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.finding import Finding, NotSeen
from meshwright.manifests.kustomization import KustomizationIndex
from meshwright.manifests.sops import is_encrypted, without_sops
from meshwright.manifests.source import position_of
from meshwright.manifests.unit import BuildUnit, BuiltObject
from meshwright.manifests.workspace import Workspace


class RootKind(StrEnum):
    """Why a root is one."""

    FLUX = "flux"  # a Flux Kustomization builds it
    FOLDER = "folder"  # a folder with a kustomization that nothing reaches
    FILE = "file"  # a file with Flux objects that nothing reaches: a person applies it


@dataclass(frozen=True)
class Root:
    """Something that is built on its own, and what came of it.

    ``complete`` is false when variables are missing that only the cluster knows.
    """

    kind: RootKind
    path: str
    name: str
    cluster: str
    position: Position
    built: bool
    objects: tuple[BuiltObject, ...]
    complete: bool = True
    kustomization: FluxKustomization | None = None


@dataclass
class Repository:
    """What every step looks at; ``findings`` are those of the build itself."""

    files: RepositoryFiles
    index: KustomizationIndex
    roots: list[Root] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    not_seen: list[NotSeen] = field(default_factory=list)

    def objects(self) -> Iterator[tuple[Root, BuiltObject]]:
        """Every object with the root that applies it."""
        return ((root, built) for root in self.roots for built in root.objects)

    @cached_property
    def by_kind(self) -> dict[str, list[tuple[Root, BuiltObject]]]:
        """Objects by kind."""
        found: dict[str, list[tuple[Root, BuiltObject]]] = {}
        for root, built in self.objects():
            found.setdefault(built.kind, []).append((root, built))
        return found


def load(files: RepositoryFiles, workspace: Workspace) -> Repository:
    """Find every root and build it. Raises MeshwrightError when nothing there is GitOps."""
    index = KustomizationIndex(files)
    closures = ClosureReader(files, index)
    discovery = discover(files, index, closures)
    if not discovery.kustomizations and not index.folders:
        raise MeshwrightError(
            f"{files.root}: no GitOps repository: looked for Flux Kustomizations "
            "(kustomize.toolkit.fluxcd.io) and for folders with a kustomization.yaml, and found neither"
        )
    builds = Builds(files, index, workspace)
    return _Loader(files, index, closures, discovery, builds).load()


class _Loader:
    def __init__(
        self,
        files: RepositoryFiles,
        index: KustomizationIndex,
        closures: ClosureReader,
        discovery: Discovery,
        builds: Builds,
    ) -> None:
        self._closures = closures
        self._discovery = discovery
        self._builds = builds
        maker = UnitMaker(files, index, closures, SourceIgnore(files))
        sources = OwnSources(files, discovery)
        self._tree = FluxTree(discovery, sources, maker, self._builds, index)
        self._repository = Repository(files, index, findings=list(discovery.findings))

    def load(self) -> Repository:
        first = self._tree.first_units()
        folders, lone_files = self._folder_units(first), self._file_units(first)
        self._builds.ensure([*first, *folders, *lone_files])
        self._tree.grow()
        repository = self._repository
        repository.roots.extend(self._flux_root(instance) for instance in self._tree.instances)
        reached = {path for instance in self._tree.instances for path in instance.unit.closure.folders}
        for unit in folders:
            if unit.folder not in reached:
                self._add(RootKind.FOLDER, unit)
        for unit in lone_files:
            self._add(RootKind.FILE, unit)
        repository.findings.extend(self._tree.findings)
        repository.not_seen.extend(self._tree.not_seen)
        for instance in self._tree.instances:
            repository.not_seen.extend(not_seen_remote(instance.unit))
            repository.findings.extend(helm_findings(instance.unit, instance.kustomization.title))
        repository.roots.sort(key=lambda root: (root.path, root.cluster, root.name))
        return repository

    def _folder_units(self, reached: list[BuildUnit]) -> list[BuildUnit]:
        """Folders with a kustomization that no Kustomization and no other kustomization reaches."""
        index = self._repository.index
        taken = {folder for unit in reached for folder in (*unit.closure.folders, unit.folder)}
        free = [folder for folder in index.folders if folder not in taken]
        # Those that only reach each other come last: a circle has no top.
        free.sort(key=lambda folder: folder in self._closures.resources)
        units = []
        for folder in free:
            own = index.get(folder)
            if own is None or own.is_component or folder in taken:
                continue
            at = Position(own.path)
            closure = self._closures.read([Entry(folder, at)])
            taken |= closure.folders
            blocked = not closure.buildable
            units.append(BuildUnit(f"folder:{folder}", folder, closure, at, None, own.is_empty, blocked))
        return units

    def _file_units(self, reached: list[BuildUnit]) -> list[BuildUnit]:
        """Files with Flux objects that no build takes in."""
        taken = {leaf for unit in reached for leaf in unit.closure.leaves} | self._closures.resources
        units = []
        for path in sorted({item.origin for item in self._discovery.kustomizations} - taken):
            at = Position(path)
            closure = self._closures.read([Entry(path, at)])
            folder, _, name = path.rpartition("/")
            manifest = {"resources": [name]}
            units.append(BuildUnit(f"file:{path}", folder or ".", closure, at, manifest))
        return units

    def _flux_root(self, instance: Instance) -> Root:
        item = instance.kustomization
        return Root(
            RootKind.FLUX,
            item.path,
            item.name,
            instance.cluster,
            item.path_position,
            instance.built,
            tuple(self._readable(built) for built in instance.objects),
            not instance.unseen,
            item,
        )

    def _add(self, kind: RootKind, unit: BuildUnit) -> None:
        result = self._builds.result(unit)
        self._repository.findings.extend(result.findings)
        self._repository.not_seen.extend([*not_seen_remote(unit), *not_seen_helm(unit)])
        path = unit.folder if kind is RootKind.FOLDER else unit.asked_at.path
        objects = tuple(self._readable(built) for built in result.objects)
        cluster = self._tree.cluster_of(unit.asked_at.path)
        # Nothing says which variables Flux would put in: what looks like one is left alone.
        self._repository.roots.append(
            Root(kind, path, path, cluster, unit.asked_at, result.built, objects, complete=False)
        )

    def _readable(self, built: BuiltObject) -> BuiltObject:
        if not is_encrypted(built.data):
            return built
        at = position_of(self._repository.files, built)
        self._repository.not_seen.append(NotSeen(built.title, "its values are encrypted by SOPS", at))
        return BuiltObject(without_sops(built.data), built.origin)
