"""The tree of Applications in each cluster, from its entry point, with the objects of each source."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace

from meshwright.argocd.application import Application, ApplicationSource
from meshwright.argocd.applicationset import Expansion
from meshwright.argocd.chartsources import ChartUnits, Release
from meshwright.argocd.discovery import ArgoCDDiscovery
from meshwright.argocd.generator import SourceKind, SourceUnitMaker
from meshwright.argocd.projects import Projects
from meshwright.argocd.sources import OwnRepository
from meshwright.errors import Position
from meshwright.faults import contained
from meshwright.finding import Finding, NotSeen, UnseenScope
from meshwright.manifests.builds import Builds, not_seen_remote
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.folders import with_parents
from meshwright.manifests.inflation import Inflation
from meshwright.manifests.renamed import Names
from meshwright.manifests.source import position_of
from meshwright.manifests.unit import BuildUnit, BuiltObject
from meshwright.tools import ToolNotFoundError, locate
from meshwright.yaml.pointer import mapping_of

_DEPTH = 20
_GROUP = "argoproj.io"


@dataclass
class AppliedSource:
    """One source of an Application in one cluster, and what it applies."""

    source: ApplicationSource
    cluster: str
    unit: BuildUnit
    objects: list[BuiltObject] = field(default_factory=list)
    built: bool = False

    @property
    def place(self) -> str:
        """The cluster that gets its objects."""
        return self.source.application.place(self.cluster)

    @property
    def path(self) -> str:
        """The folder, or the chart's name."""
        return self.source.chart or self.source.path


@dataclass(frozen=True)
class _Planned:
    unit: BuildUnit | None = None
    findings: tuple[Finding, ...] = ()
    not_seen: tuple[NotSeen, ...] = ()
    release: Release | None = None
    dependencies: tuple[Release, ...] = ()


class ArgoTree:
    """Finds Applications level by level: first those in files, then those that only exist in built output.

    The build that applies an Application may patch it, and an ApplicationSet may generate it, so the built
    form is authoritative. The raw form is used to build nearly everything in the first round.
    """

    def __init__(
        self,
        files: RepositoryFiles,
        discovery: ArgoCDDiscovery,
        own: OwnRepository,
        maker: SourceUnitMaker,
        charts: ChartUnits,
        inflation: Inflation,
        builds: Builds,
    ) -> None:
        self._files = files
        self._discovery = discovery
        self._own = own
        self._maker = maker
        self._charts = charts
        self._inflation = inflation
        self._builds = builds
        self._expansion = Expansion(files, own)
        # Why helm is not available; None before the first lookup.
        self._helm_problem: str | None = None
        self._plans: dict[tuple[str, ...], _Planned] = {}
        self._expanded: dict[str, list[Application]] = {}
        self._projects: list[tuple[str, BuiltObject]] = []
        self._seen: dict[tuple[str, str, str], Application] = {}
        self.instances: list[AppliedSource] = []
        self.releases: list[Release] = []
        self.findings: list[Finding] = []
        self.not_seen: list[NotSeen] = []
        # Files with objects that nothing applies.
        self.dormant: set[str] = set()

    @property
    def chart_folders(self) -> set[str]:
        """The folders of charts of this repository that the Applications known so far name."""
        releases = (plan.release for plan in self._plans.values())
        return {release.source.path for release in releases if release and not release.source.chart}

    def first_units(self) -> list[BuildUnit]:
        """The build units of all raw Applications whose path exists: the first round of builds."""
        raw = list(self._discovery.applications)
        for built in self._discovery.sets:
            with self._contained(built):
                raw.extend(self._expand(built))
        plans = [self._plan(source, cluster_of(item.origin)) for item in raw for source in item.sources]
        return [plan.unit for plan in plans if plan.unit is not None]

    def grow(self, others: Iterable[tuple[str, BuiltObject]]) -> None:
        """Walk down from the entry points, level by level; build ``first_units`` before.

        ``others`` are objects, with their clusters, that are built independently of an Application.
        """
        others = list(others)
        applied = self._applied_in_first_round()
        level = self._applications_in(others)
        found = {(item.origin, item.built.name) for item, _ in level} | applied
        raw = [
            (cluster_of(built.origin.path or ""), built)
            for built in (*(item.built for item in self._discovery.applications), *self._discovery.sets)
            if (built.origin.path or "", built.name) not in found
        ]
        self._find_dormant(applied)
        level += self._applications_in(raw)
        self._grow_levels(level)
        # Applications that only apply each other have no entry point; check them too.
        seen = {(origin, name) for _, name, origin in self._seen}
        rest = [item for item in self._discovery.applications if (item.origin, item.name) not in seen]
        names: dict[str, Names] = {}
        for origin, name in seen:
            names.setdefault(origin, Names()).add(name.rpartition("/")[2])
        # The build may have added a prefix or suffix to the name.
        rest = [
            item for item in rest if item.origin not in names or item.built.name not in names[item.origin]
        ]
        self._grow_levels([(item, cluster_of(item.origin)) for item in rest])
        self._projects += [(cluster_of(item.origin.path or ""), item) for item in self._discovery.projects]
        projects = Projects(self._files, self._projects)
        for (cluster, _, _), application in self._seen.items():
            with self._contained(application.built):
                self.findings.extend(projects.findings(application, cluster))
        self.findings.extend(self._expansion.findings)
        self.not_seen.extend(self._expansion.not_seen)

    def _find_dormant(self, applied: set[tuple[str, str]]) -> None:
        """Find the objects below a folder whose other files an Application applies, but not theirs."""
        readers: dict[str, str] = {}
        read: set[str] = set()
        for item in self._discovery.applications:
            for source in item.sources:
                is_own = not source.chart and source.repository in self._own and source.path != "."
                if is_own and self._maker.kind(source) is SourceKind.DIRECTORY:
                    readers.setdefault(source.path, item.title)
                    read.update(self._maker.selected_files(source))
        for built in (*(item.built for item in self._discovery.applications), *self._discovery.sets):
            path = built.origin.path or ""
            if (path, built.name) in applied:
                continue
            above = next(
                (folder for folder in with_parents([posixpath.dirname(path)]) if folder in readers), ""
            )
            if above and path not in read:
                self.dormant.add(path)
                reason = f"nothing applies it: {readers[above]} reads '{above}' without this file"
                self.not_seen.append(NotSeen(built.title, reason, position_of(self._files, built)))

    def _applied_in_first_round(self) -> set[tuple[str, str]]:
        """File and name of each Application or ApplicationSet that another one applies."""
        found: set[tuple[str, str]] = set()
        for (_, origin, name, *_), plan in self._plans.items():
            objects = self._builds.result(plan.unit).objects if plan.unit is not None else []
            # An entry point often builds its own folder; that does not make it applied by another one.
            found |= {
                (built.origin.path or "", built.name)
                for built in objects
                if (built.origin.path, built.name) != (origin, name.rpartition("/")[2])
            }
        return found

    def _applications_in(self, objects: Iterable[tuple[str, BuiltObject]]) -> list[tuple[Application, str]]:
        """The Applications among objects, including those of ApplicationSets; also collects projects."""
        taken = []
        for cluster, built in objects:
            if built.group != _GROUP:
                continue
            found = ArgoCDDiscovery()
            with self._contained(built):
                found.add(self._files, [built])
                self._projects += [(cluster, project) for project in found.projects]
                applications = [
                    *found.applications,
                    *(made for one in found.sets for made in self._expand(one)),
                ]
                taken += [(application, cluster) for application in applications]
        return taken

    def _expand(self, built: BuiltObject) -> list[Application]:
        key = f"{built.origin} {built.data}"
        if key not in self._expanded:
            # Cache before expanding, so that a failure is reported once.
            self._expanded[key] = []
            self._expanded[key] = list(self._expansion.applications(built))
        return self._expanded[key]

    def _contained(self, built: BuiltObject) -> AbstractContextManager[None]:
        at = Position(built.origin.path or built.origin.configured_in or ".")
        return contained(self.findings, f"reading {built.title}", at, built.title)

    def _grow_levels(self, level: list[tuple[Application, str]]) -> None:
        for _ in range(_DEPTH):
            level = self._grow_level(level)
            if not level:
                break

    def _grow_level(self, level: Iterable[tuple[Application, str]]) -> list[tuple[Application, str]]:
        instances = []
        for item, cluster in level:
            key = (cluster, item.name, item.origin)
            if key in self._seen:
                continue
            self._seen[key] = item
            for source in item.sources:
                plan = self._plan(source, cluster)
                self.findings.extend(plan.findings)
                self.not_seen.extend(plan.not_seen)
                if plan.release is not None:
                    self.releases.append(plan.release)
                self.releases.extend(plan.dependencies)
                if plan.unit is not None:
                    instances.append(AppliedSource(source, cluster, plan.unit))
        self._builds.ensure([instance.unit for instance in instances])
        following: list[tuple[Application, str]] = []
        for instance in instances:
            result = self._builds.result(instance.unit)
            instance.objects, instance.built = result.objects, result.built
            self.findings.extend(result.findings)
            self.not_seen.extend(not_seen_remote(instance.unit))
            following += self._applications_in((instance.cluster, built) for built in result.objects)
            self.instances.append(instance)
        return following

    def _plan(self, source: ApplicationSource, cluster: str) -> _Planned:
        item = source.application
        key = (cluster, item.origin, item.name, str(item.destination), str(source.pointer), str(source.data))
        if key not in self._plans:
            self._plans[key] = self._safe_plan(source, cluster)
        return self._plans[key]

    def _safe_plan(self, source: ApplicationSource, cluster: str) -> _Planned:
        """The plan of a source; empty if planning fails."""
        title, plan = source.application.title, _Planned()
        with contained(self.findings, f"reading {title}", lambda: source.position, title):
            plan = self._make_plan(source, cluster)
            if plan.unit is not None and plan.unit.needs_helm:
                plan = self._with_helm(plan, source)
        return plan

    def _with_helm(self, plan: _Planned, source: ApplicationSource) -> _Planned:
        """``plan``, or without helm a plan that reports the charts instead of building them."""
        title, at = source.application.title, source.position
        first = self._helm_problem is None
        if first:
            try:
                locate("helm")
                self._helm_problem = ""
            except ToolNotFoundError as error:
                self._helm_problem = str(error)
        if not self._helm_problem:
            return plan
        if first:
            # Report only once how to get helm.
            text = f"{title}: its charts need {self._helm_problem}"
            self.findings.append(Finding("build/no-helm", at, text, "", title))
        unseen = NotSeen(title, "its charts are available, but helm is not", at)
        return replace(plan, unit=None, not_seen=(*plan.not_seen, unseen))

    def _make_plan(self, source: ApplicationSource, cluster: str) -> _Planned:
        title, at = source.application.title, source.position
        if not source.chart:
            if not source.has_path:
                return _Planned()
            if source.repository not in self._own:
                reason = f"it reads {source.repository or 'no repository'}, which is not this repository"
                return _Planned(
                    not_seen=(NotSeen(title, reason, source.at("repoURL"), _scope(source, cluster)),)
                )
            if finding := self._maker.path_finding(source):
                return _Planned(findings=(finding,))
        kind = self._maker.kind(source)
        if kind is SourceKind.PLUGIN:
            reason = "an Argo CD plugin generates its manifests"
            return _Planned(not_seen=(NotSeen(title, reason, at, _scope(source, cluster)),))
        if kind is SourceKind.HELM:
            made = self._charts.make(source, cluster)
            return _Planned(
                made.unit, tuple(made.findings), tuple(made.not_seen), made.release, tuple(made.dependencies)
            )
        inflated = self._inflation.prepare(self._maker.unit(source, source.application.place(cluster)))
        unseen = (*inflated.not_seen, *self._maker.not_seen(source))
        # A folder has different builds with and without its charts.
        unit = replace(inflated.unit, key=f"charts {inflated.unit.key}") if inflated.unit.copies else None
        return _Planned(unit or inflated.unit, tuple(inflated.findings), unseen)


def _scope(source: ApplicationSource, cluster: str) -> UnseenScope:
    """What a source that cannot be built may bring."""
    item = source.application
    likely = (str(item.destination.get("namespace") or ""),)
    # source: argo-cd, kustomize.namespace sets the namespace of every object.
    fixed = mapping_of(source.data.get("kustomize")).get("namespace")
    return UnseenScope(
        item.place(cluster),
        (str(fixed),) if fixed else (),
        likely,
        url=source.repository,
        project=item.project,
    )


def cluster_of(path: str) -> str:
    """The cluster that a file belongs to in the layout clusters/<name>/; empty in other layouts."""
    parts = path.split("/")
    return "/".join(parts[:2]) if parts[0] == "clusters" and len(parts) > 2 else ""
