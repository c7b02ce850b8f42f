"""Generates every application's output from its spec and manifests, and compares it with existing files."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from pathlib import Path

from meshwright.apps.base import read_bases
from meshwright.apps.clusterfindings import joined
from meshwright.apps.clusters import read_clusters
from meshwright.apps.existing import Existing, wirings_folder
from meshwright.apps.header import with_header
from meshwright.apps.inventory import inventory_findings, waves
from meshwright.apps.loading import load_apps
from meshwright.apps.model import App, AppsContext, Base, RepositorySettings
from meshwright.apps.outputdiff import FileChange, compare
from meshwright.apps.overlay.planner import plan
from meshwright.apps.platformfolder import platform_findings
from meshwright.apps.removals import Removal, refused, removal
from meshwright.apps.steps import PathSwap
from meshwright.apps.syncfields import wiring_findings
from meshwright.apps.wiring import render_wiring
from meshwright.apps.workers import WorkerPool, processors
from meshwright.apps.writer import Output
from meshwright.errors import Position
from meshwright.faults import contained
from meshwright.finding import Finding, Severity
from meshwright.gcpause import no_collection
from meshwright.manifests.unit import BuiltObject
from meshwright.yaml import Document

# Starting a second process takes as long as planning a few hundred applications.
_MIN_APPS_FOR_TWO_WORKERS = 300


@dataclass
class PipelineResult:
    """The findings and staged steps of a run; ``changes`` is filled instead if nothing is staged."""

    applications: int = 0
    clusters: int = 1
    findings: list[Finding] = field(default_factory=list)
    # Findings that may be the same on several clusters, by cluster.
    of_cluster: dict[str, list[Finding]] = field(default_factory=dict)
    changes: list[FileChange] = field(default_factory=list)
    steps: list[list[PathSwap]] = field(default_factory=list)
    # The number of applications whose output changes, and the output of those that are gone.
    changed: int = 0
    removals: list[Removal] = field(default_factory=list)
    # Clusters and applications without any output so far.
    created: list[tuple[str, str]] = field(default_factory=list)

    @property
    def has_errors(self) -> bool:
        """Whether an error prevents writing."""
        every = chain(self.findings, *self.of_cluster.values())
        return any(finding.severity is Severity.ERROR for finding in every)

    def absorb(self, other: PipelineResult) -> None:
        """Add the result of another worker."""
        self.findings += other.findings
        for cluster, findings in other.of_cluster.items():
            self.of_cluster.setdefault(cluster, []).extend(findings)
        self.changes += other.changes
        self.steps += other.steps
        self.changed += other.changed
        self.removals += other.removals
        self.created += other.created


@dataclass(frozen=True)
class _Cluster:
    """One cluster with its applications by name."""

    settings: RepositorySettings
    apps: Mapping[str, App]
    existing: Existing

    @property
    def name(self) -> str:
        return self.settings.cluster


@dataclass(frozen=True)
class _Task:
    """The input that all workers share, read before they start."""

    root: Path
    clusters: tuple[_Cluster, ...]
    output: Output | None
    force: bool
    read: Callable[[str], list[Document]] | None


@dataclass(frozen=True)
class _FirstPass:
    """The parts of one worker's bases that other workers need: Namespaces by the folder of a base."""

    namespaces: Mapping[str, tuple[BuiltObject, ...]]
    findings: list[Finding]
    # Folders with manifests that cannot be read, so that it is unknown what they create.
    unread: frozenset[str]


@dataclass(frozen=True)
class _Combined:
    """The combined first passes of all workers; ``faulty`` means that nothing will be written."""

    namespaces: Mapping[str, tuple[BuiltObject, ...]]
    waves: Mapping[str, Mapping[str, int]]
    faulty: bool


def produce(
    root: Path,
    output: Output | None,
    *,
    force: bool = False,
    read: Callable[[str], list[Document]] | None = None,
) -> PipelineResult:
    """Validate, plan and compare everything; stage differences into ``output``, if given, until an error.

    ``force`` overwrites manual edits and allows every removal; ``read`` returns the documents of a file.
    Raises MeshwrightError if ``root`` is not a generated repository, or a tool is missing.
    """
    with no_collection():
        settings = read_clusters(root)
        loaded = load_apps(root, settings)
        clusters = tuple(
            _Cluster(each, loaded.on[each.cluster], Existing(root, each.cluster)) for each in settings
        )
        task = _Task(root, clusters, output, force, read)
        names = sorted(loaded.names.union(*(cluster.existing.names for cluster in clusters)))
        result = PipelineResult(sum(len(cluster.apps) for cluster in clusters), len(clusters))
        result.findings += loaded.findings
        for cluster in clusters:
            result.findings += cluster.existing.findings
            result.findings += platform_findings(root, cluster.settings, [each.name for each in clusters])
        with WorkerPool([partial(_work, task, part) for part in _parts(names, len(clusters))]) as pool:
            first_passes: list[_FirstPass] = pool.receive()
            namespaces = {
                path: made for first_pass in first_passes for path, made in first_pass.namespaces.items()
            }
            result.findings += chain.from_iterable(first_pass.findings for first_pass in first_passes)
            unread = frozenset[str]().union(*(first_pass.unread for first_pass in first_passes))
            for cluster in clusters:
                context = _context(cluster, {}, namespaces, unread)
                result.of_cluster[cluster.name] = inventory_findings(context)
            order = {cluster.name: waves(cluster.apps) for cluster in clusters}
            pool.send(_Combined(namespaces, order, result.has_errors))
            for part in pool.receive():
                result.absorb(part)
        result.findings += joined(result.of_cluster, [cluster.name for cluster in clusters])
        if not force:
            made = [loaded.on[cluster][name] for cluster, name in result.created]
            result.findings += refused(root, result.removals, made, settings)
    return result


def _work(task: _Task, names: Sequence[str]) -> Generator[_FirstPass | PipelineResult, _Combined, None]:
    """One worker: read the bases of its applications; once all namespaces are known, plan and compare."""
    own, needed = dict[str, None](), dict[str, None]()
    for cluster in task.clusters:
        apps = [cluster.apps[name] for name in names if name in cluster.apps]
        own.update(dict.fromkeys(app.base_path for app in apps))
        # A policy also needs the service accounts of its clients.
        clients = [client for app in apps for client in _clients(app) if client in cluster.apps]
        needed.update(dict.fromkeys(cluster.apps[name].base_path for name in clients))
    bases, findings = read_bases(task.root, {**own, **needed}, task.read)
    namespaces = {path: made for path in own if (made := _namespaces(bases[path]))}
    unread = frozenset(path for path in own if bases[path] == Base(path))
    combined = yield _FirstPass(namespaces, findings, unread)
    result = PipelineResult()
    for cluster in task.clusters:
        context = _context(cluster, bases, combined.namespaces)
        found = result.of_cluster[cluster.name] = []
        for name in names:
            _plan(task, cluster, name, context, combined, result, found)
    yield result


def _plan(
    task: _Task,
    cluster: _Cluster,
    name: str,
    context: AppsContext,
    combined: _Combined,
    result: PipelineResult,
    found: list[Finding],
) -> None:
    app = cluster.apps.get(name)
    at = Position(app.spec_path) if app is not None else Position(".")
    # An internal error prevents writing too, but the other applications are still checked.
    with contained(result.findings, f"planning application '{name}'", at):
        if combined.faulty:
            # Report further faults; a fault of an empty base has already been reported.
            if app is not None and context.bases[name] != Base(app.base_path):
                found += plan(app, context).findings
        else:
            _compare(task, cluster, name, context, combined.waves[cluster.name].get(name, 0), result)


def _compare(
    task: _Task, cluster: _Cluster, name: str, context: AppsContext, wave: int, result: PipelineResult
) -> None:
    app, meshed, wanted = cluster.apps.get(name), False, {}
    if app is not None:
        overlay = plan(app, context)
        result.of_cluster[cluster.name] += overlay.findings
        bodies = dict(overlay.files)
        wiring = f"{wirings_folder(cluster.name)}/{name}.yaml"
        bodies[wiring] = render_wiring(app, overlay, cluster.settings, wave)
        result.of_cluster[cluster.name] += wiring_findings(bodies[wiring], app, cluster.settings.engine)
        meshed, wanted = overlay.meshed, {path: with_header(name, body) for path, body in bodies.items()}
    difference = compare(name, wanted, cluster.existing.read(name), force=task.force)
    difference.meshed = meshed
    result.findings += difference.findings
    if not difference.changes:
        return
    if app is None:
        result.removals.append(
            removal(
                task.root,
                cluster.name,
                name,
                (change.path for change in difference.changes if change.after is None),
            )
        )
    else:
        result.changed += 1
        if not difference.kept and all(change.before is None for change in difference.changes):
            result.created.append((cluster.name, name))
    if task.output is None:
        result.changes += difference.changes
    elif not result.has_errors:
        result.steps.append(task.output.stage(difference, wanted))


def _context(
    cluster: _Cluster,
    bases: Mapping[str, Base],
    namespaces: Mapping[str, tuple[BuiltObject, ...]],
    unread: frozenset[str] = frozenset(),
) -> AppsContext:
    """A context with full bases for this worker's applications, and only Namespaces for the others."""
    all_bases = {
        name: bases.get(app.base_path) or Base(app.base_path, namespaces.get(app.base_path, ()))
        for name, app in cluster.apps.items()
    }
    names = frozenset(name for name, app in cluster.apps.items() if app.base_path in unread)
    return AppsContext(cluster.apps, all_bases, cluster.settings, names)


def _namespaces(base: Base) -> tuple[BuiltObject, ...]:
    return tuple(item for item in base.objects if item.kind == "Namespace")


def _clients(app: App) -> tuple[str, ...]:
    allow = app.spec.policy.allow_from if app.spec.policy else None
    return allow.apps if allow else ()


def _parts(names: Sequence[str], clusters: int) -> list[Sequence[str]]:
    if len(names) * clusters < _MIN_APPS_FOR_TWO_WORKERS or processors() < 2:
        return [names]
    middle = len(names) // 2
    return [names[:middle], names[middle:]]
