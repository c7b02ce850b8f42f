"""Finds and builds every root of a repository, of both engines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from meshwright.argocd.chartsources import ChartUnits
from meshwright.argocd.discovery import ArgoCDDiscovery as ArgoDiscovery
from meshwright.argocd.discovery import discover as discover_argocd
from meshwright.argocd.generator import SourceUnitMaker as SourceUnitMaker
from meshwright.argocd.sources import OwnRepository
from meshwright.argocd.tree import AppliedSource as ArgoInstance
from meshwright.argocd.tree import ArgoTree
from meshwright.check.model.localcharts import ChartBuild, LocalCharts, charts_of_releases
from meshwright.check.model.repository import Repository, Root, RootKind
from meshwright.check.model.unapplied import add_unapplied
from meshwright.errors import CannotRun, MeshwrightError, Position
from meshwright.faults import contained
from meshwright.finding import NotSeen
from meshwright.flux.discovery import FluxDiscovery, discover
from meshwright.flux.generator import KustomizationUnitMaker
from meshwright.flux.ignore import SourceIgnore
from meshwright.flux.sources import OwnSources
from meshwright.flux.tree import AppliedKustomization, FluxTree
from meshwright.manifests.builds import Builds, KnownBuilds, helm_findings, not_seen_helm, not_seen_remote
from meshwright.manifests.chartstore import ChartStore
from meshwright.manifests.entry import EntryPoint
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.inflation import Inflation
from meshwright.manifests.inputsreader import BuildInputsReader
from meshwright.manifests.kustomization import KustomizationIndex, join
from meshwright.manifests.manifestfile import named_documents
from meshwright.manifests.sops import without_sops
from meshwright.manifests.source import position_of
from meshwright.manifests.steadybuilds import SteadyBuilds
from meshwright.manifests.templatefiles import unread_template
from meshwright.manifests.unit import BuildUnit, BuiltObject
from meshwright.manifests.workspace import Workspace
from meshwright.progress import say
from meshwright.words import plural

_MOST_BYTES = 1024 * 1024


class NothingFound(CannotRun):
    """A folder without anything that GitOps engines use."""


def load(
    files: RepositoryFiles,
    workspace: Workspace,
    charts: Path | None = None,
    kubernetes: str = "",
    recall: KnownBuilds | None = None,
    repository: Repository | None = None,
) -> Repository:
    """Find and build every root. Raises MeshwrightError if there is none.

    ``charts`` is a folder with charts to render, for the Kubernetes minor ``kubernetes``; ``recall`` gives
    results of builds that are known already. ``repository`` is filled as it grows, and given back.
    """
    repository = repository or Repository(files, KustomizationIndex(files))
    index = repository.index
    inputs_reader = BuildInputsReader(files, index)
    discovery = discover(files, index, inputs_reader)
    argocd = discover_argocd(files, index, inputs_reader)
    repository.not_seen += [*discovery.not_seen, *argocd.not_seen]
    builds = SteadyBuilds(files, index, workspace, kubernetes, recall)
    try:
        store = ChartStore(workspace.root, charts, files.root)
    except MeshwrightError as error:
        raise CannotRun(str(error)) from None
    local = LocalCharts(repository, store)
    if not discovery.kustomizations and not argocd.origins and not index.folders and not local:
        raise NothingFound(
            f"{files.root}: not a GitOps repository: it has no Flux Kustomization "
            "(kustomize.toolkit.fluxcd.io), no Argo CD Application (argoproj.io), "
            "no folder with a kustomization.yaml and no Helm chart that installs Linkerd or uses it"
        )
    try:
        own = OwnRepository(files, argocd)
        tree = ArgoTree(
            files,
            argocd,
            own,
            SourceUnitMaker(files, index, inputs_reader),
            ChartUnits(files, own, store),
            Inflation(files, index, store),
            builds,
        )
        return _RepositoryLoader(repository, inputs_reader, discovery, argocd, tree, builds, local).load()
    finally:
        repository.findings += [*discovery.findings, *argocd.findings]


class _RepositoryLoader:
    def __init__(
        self,
        repository: Repository,
        inputs_reader: BuildInputsReader,
        discovery: FluxDiscovery,
        argocd: ArgoDiscovery,
        applications: ArgoTree,
        builds: Builds,
        local: LocalCharts,
    ) -> None:
        self._local = local
        self._inputs = inputs_reader
        self._discovery = discovery
        self._argocd = argocd
        self._applications = applications
        self._builds = builds
        self._repository = repository
        files, index = repository.files, repository.index
        ignore = SourceIgnore(files)
        maker = KustomizationUnitMaker(
            files, index, inputs_reader, lambda source: ignore.of(discovery.ignores.get(source, ""))
        )
        repository.findings += ignore.findings
        sources = OwnSources(files, discovery)
        self._tree = FluxTree(discovery, sources, maker, self._builds, index)

    def load(self) -> Repository:
        repository = self._repository
        try:
            self._build()
        finally:
            # On a timeout, keep what was found so far.
            repository.findings += [*self._tree.findings, *self._applications.findings]
            repository.not_seen += [*self._tree.not_seen, *self._applications.not_seen]
            repository.releases += self._applications.releases
            repository.dormant |= self._applications.dormant
            repository.helm = self._builds.helm
            repository.roots.sort(key=lambda root: (root.path, root.cluster, root.name))
        return repository

    def _build(self) -> None:
        repository = self._repository
        say("finding the roots to build")
        first: list[BuildUnit] = []
        for first_units in (self._tree.first_units, self._applications.first_units):
            with contained(repository.findings, "finding the roots"):
                first += first_units()
        folders, lone_files = self._folder_units(first), self._file_units(first)
        say(f"building {plural(len(first) + len(folders) + len(lone_files), 'root')}")
        charts = list(self._unnamed_charts())
        chart_units = [item.unit for item in charts if item.unit is not None]
        self._builds.ensure([*first, *folders, *lone_files, *chart_units])
        with contained(repository.findings, "reading the Kustomizations"):
            self._tree.grow()
        for instance in self._tree.instances:
            with self._contained(instance.kustomization.title, instance.unit):
                repository.roots.append(self._flux_root(instance))
        with contained(repository.findings, "reading the Applications"):
            self._grow_applications([*folders, *lone_files, *chart_units])
        applied = [item.unit for item in self._tree.instances]
        applied += [item.unit for item in self._applications.instances]
        reached = {path for unit in applied for path in unit.inputs.folders}
        for kind, units in ((RootKind.FOLDER, folders), (RootKind.FILE, lone_files)):
            for unit in units:
                if kind is RootKind.FILE or unit.folder not in reached:
                    with self._contained(f"'{unit.requested_at.path}'", unit):
                        self._add(kind, unit)
        for instance in self._tree.instances:
            repository.not_seen.extend(not_seen_remote(instance.unit))
            repository.findings.extend(helm_findings(instance.unit, instance.kustomization.title))
        with contained(repository.findings, "reading the charts of this repository"):
            self._add_charts(charts)
        with contained(repository.findings, "looking for manifests that nothing applies"):
            known = {item.origin for item in self._discovery.kustomizations} | self._argocd.origins
            add_unapplied(repository, self._inputs, known)

    def _unnamed_charts(self) -> Iterator[ChartBuild]:
        """The charts that no Application and no HelmRelease of this repository names."""
        files = self._repository.files
        with contained(self._repository.findings, "looking for charts"):
            named = set(self._applications.chart_folders)
            for path in files.yaml_paths():
                if b"helm.toolkit.fluxcd.io" in files.peek(path, _MOST_BYTES):
                    named.update(
                        charts_of_releases(files, (data for _, _, data in named_documents(files, path)))
                    )
            yield from self._local.unnamed(named, self._tree.cluster_of)

    def _add_charts(self, unnamed: list[ChartBuild]) -> None:
        """Add the roots of charts, first those that HelmReleases install."""
        repository = self._repository
        installed = list(self._local.of_releases(self._tree.is_same_repository))
        self._builds.ensure(item.unit for item in installed if item.unit is not None)
        reached = self._applications.chart_folders | {item.chart.folder for item in installed}
        for item in (*installed, *(one for one in unnamed if one.chart.folder not in reached)):
            chart, unit = item.chart, item.unit
            repository.local_charts.append(chart)
            if unit is None:
                continue
            with self._contained(chart.title, unit):
                result = self._builds.result(unit)
                repository.findings.extend(result.findings)
                if unit.lacks_charts and not result.objects:
                    if self._repository.files.holds_files(join(chart.folder, "templates")):
                        reason = (
                            "it cannot be rendered as it is, so only its values and dependencies are judged"
                        )
                        repository.not_seen.append(NotSeen(chart.title, reason, chart.position))
                    continue
                repository.add_root(
                    Root(
                        RootKind.CHART if chart.built is not None else RootKind.FOLDER,
                        chart.folder,
                        chart.title if chart.built is not None else chart.folder,
                        chart.cluster,
                        chart.position,
                        result.built,
                        tuple(self._readable(built) for built in result.objects),
                        complete=chart.built is not None,
                        unit=unit,
                        faults=tuple(result.findings),
                        release=chart.built,
                        parent=chart.root,
                        home=chart.root.cluster if chart.root is not None else None,
                    )
                )

    def _contained(self, title: str, unit: BuildUnit) -> AbstractContextManager[None]:
        return contained(self._repository.findings, f"reading {title}", unit.requested_at, title)

    def _grow_applications(self, units: Iterable[BuildUnit]) -> None:
        """Find Applications in objects from Flux, and in folders and files that are applied manually."""
        others: list[tuple[str, BuiltObject]] = [
            (instance.place, built) for instance in self._tree.instances for built in instance.objects
        ]
        for unit in units:
            cluster = self._tree.cluster_of(unit.requested_at.path)
            others += [(cluster, built) for built in self._builds.result(unit).objects]
        self._applications.grow(others)
        for item in self._applications.instances:
            with self._contained(item.source.application.title, item.unit):
                self._repository.roots.append(self._argocd_root(item))

    def _folder_units(self, reached: list[BuildUnit]) -> list[BuildUnit]:
        """Folders with a kustomization that no Flux Kustomization and no other kustomization includes."""
        index = self._repository.index
        taken = {folder for unit in reached for folder in (*unit.inputs.folders, unit.folder)}
        free = [folder for folder in index.folders if folder not in taken]
        # Those that only include each other come last: a cycle has no top.
        free.sort(key=lambda folder: folder in self._inputs.resources)
        units = []
        for folder in free:
            own = index.get(folder)
            if own is None or own.is_component or folder in taken:
                continue
            if own.fault is not None and (unread := unread_template(self._repository.files, own.fault)):
                self._repository.not_seen.append(unread)
                continue
            at = Position(own.path)
            with contained(self._repository.findings, f"reading '{folder}'", at):
                inputs = self._inputs.read([EntryPoint(folder, at)])
                taken |= inputs.folders
                key = f"folder:{folder}"
                units.append(BuildUnit(key, folder, inputs, at, None, own.is_empty, inputs.blocked))
        return units

    def _file_units(self, reached: list[BuildUnit]) -> list[BuildUnit]:
        """Files with objects of Flux or Argo CD that no build includes."""
        taken = {file for unit in reached for file in unit.inputs.files} | self._inputs.resources
        origins = {item.origin for item in self._discovery.kustomizations} | self._argocd.origins
        units = []
        for path in sorted(origins - taken):
            at = Position(path)
            with contained(self._repository.findings, f"reading '{path}'", at):
                inputs = self._inputs.read([EntryPoint(path, at)])
                folder, _, name = path.rpartition("/")
                manifest = {"resources": [name]}
                units.append(BuildUnit(f"file:{path}", folder or ".", inputs, at, manifest))
        return units

    def _flux_root(self, instance: AppliedKustomization) -> Root:
        item = instance.kustomization
        return Root(
            RootKind.FLUX,
            item.path,
            item.name,
            instance.place,
            item.path_position,
            instance.built,
            tuple(self._readable(built) for built in instance.objects),
            not instance.variables.unseen,
            item,
            unit=instance.unit,
            faults=(*self._builds.result(instance.unit).findings, *instance.faults),
            variables=instance.variables,
            home=instance.cluster,
        )

    def _argocd_root(self, instance: ArgoInstance) -> Root:
        application = instance.source.application
        return Root(
            RootKind.ARGOCD,
            instance.path,
            application.name,
            instance.place,
            instance.source.position,
            instance.built,
            tuple(self._readable(built) for built in instance.objects),
            application=application,
            unit=instance.unit,
            faults=tuple(self._builds.result(instance.unit).findings),
            home=instance.cluster,
        )

    def _add(self, kind: RootKind, unit: BuildUnit) -> None:
        result = self._builds.result(unit)
        self._repository.findings.extend(result.findings)
        self._repository.not_seen.extend([*not_seen_remote(unit), *not_seen_helm(unit)])
        path = unit.folder if kind is RootKind.FOLDER else unit.requested_at.path
        objects = tuple(self._readable(built) for built in result.objects)
        cluster = self._tree.cluster_of(unit.requested_at.path)
        # It is unknown which variables Flux would substitute, so possible variables are not checked.
        self._repository.roots.append(
            Root(
                kind,
                path,
                path,
                cluster,
                unit.requested_at,
                result.built,
                objects,
                complete=False,
                unit=unit,
                faults=tuple(result.findings),
            )
        )

    def _readable(self, built: BuiltObject) -> BuiltObject:
        readable = without_sops(built)
        if readable.encrypted:
            at = position_of(self._repository.files, built)
            self._repository.not_seen.append(NotSeen(built.title, "its values are encrypted with SOPS", at))
        return readable
