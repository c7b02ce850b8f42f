"""Generates every application's output from its spec and manifests, and compares it with existing files."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from pathlib import Path

from meshwright.apps.base import read_bases
from meshwright.apps.existing import Existing, wirings_folder
from meshwright.apps.header import with_header
from meshwright.apps.inventory import inventory_findings, waves
from meshwright.apps.loading import load_apps
from meshwright.apps.model import App, AppsContext, Base, RepositorySettings
from meshwright.apps.outputdiff import FileChange, compare
from meshwright.apps.overlay.planner import plan
from meshwright.apps.removals import Removal, refused, removal
from meshwright.apps.settings import platform_findings, read_settings
from meshwright.apps.steps import PathSwap
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
    findings: list[Finding] = field(default_factory=list)
    changes: list[FileChange] = field(default_factory=list)
    steps: list[list[PathSwap]] = field(default_factory=list)
    # The number of applications whose output changes, and the output of those that are gone.
    changed: int = 0
    removals: list[Removal] = field(default_factory=list)
    # Applications without any output so far.
    created: list[str] = field(default_factory=list)

    @property
    def has_errors(self) -> bool:
        """Whether an error prevents writing."""
        return any(finding.severity is Severity.ERROR for finding in self.findings)

    def absorb(self, other: PipelineResult) -> None:
        """Add the result of another worker."""
        self.findings += other.findings
        self.changes += other.changes
        self.steps += other.steps
        self.changed += other.changed
        self.removals += other.removals
        self.created += other.created


@dataclass(frozen=True)
class _Task:
    """The input that all workers share, read before they start."""

    root: Path
    settings: RepositorySettings
    apps: Mapping[str, App]
    existing: Existing
    output: Output | None
    force: bool
    read: Callable[[str], list[Document]] | None


@dataclass(frozen=True)
class _FirstPass:
    """The parts of one worker's bases that other workers need."""

    namespaces: Mapping[str, tuple[BuiltObject, ...]]
    findings: list[Finding]
    # Applications whose manifests cannot be read, so that it is unknown what they create.
    unread: frozenset[str]


@dataclass(frozen=True)
class _Combined:
    """The combined first passes of all workers; ``faulty`` means that nothing will be written."""

    namespaces: Mapping[str, tuple[BuiltObject, ...]]
    waves: Mapping[str, int]
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
        settings = read_settings(root)
        found, findings = load_apps(root, settings)
        apps = {app.name: app for app in found}
        existing = Existing(root, settings.cluster)
        task = _Task(root, settings, apps, existing, output, force, read)
        names = sorted(apps.keys() | existing.names)
        result = PipelineResult(
            len(apps), [*findings, *existing.findings, *platform_findings(root, settings)]
        )
        with WorkerPool([partial(_work, task, part) for part in _parts(names)]) as pool:
            first_passes: list[_FirstPass] = pool.receive()
            namespaces = {
                name: made for first_pass in first_passes for name, made in first_pass.namespaces.items()
            }
            result.findings += chain.from_iterable(first_pass.findings for first_pass in first_passes)
            unread = frozenset().union(*(first_pass.unread for first_pass in first_passes))
            result.findings += inventory_findings(_context(task, {}, namespaces, unread))
            pool.send(_Combined(namespaces, waves(apps), result.has_errors))
            for part in pool.receive():
                result.absorb(part)
        if not force:
            made = [apps[name] for name in result.created]
            result.findings += refused(root, result.removals, made, settings)
    return result


def _work(task: _Task, names: Sequence[str]) -> Generator[_FirstPass | PipelineResult, _Combined, None]:
    """One worker: read the bases of its applications; once all namespaces are known, plan and compare."""
    own = [task.apps[name] for name in names if name in task.apps]
    # A policy also needs the service accounts of its clients.
    clients = [client for app in own for client in _clients(app) if client in task.apps]
    needed = {app.name: app for app in (*own, *(task.apps[name] for name in clients))}
    by_path, findings = read_bases(task.root, (app.base_path for app in needed.values()), task.read)
    bases = {name: by_path[app.base_path] for name, app in needed.items()}
    namespaces = {app.name: made for app in own if (made := _namespaces(bases[app.name]))}
    unread = frozenset(app.name for app in own if bases[app.name] == Base(app.base_path))
    combined = yield _FirstPass(namespaces, findings, unread)
    context = _context(task, bases, combined.namespaces)
    result = PipelineResult()
    for name in names:
        app = task.apps.get(name)
        at = Position(app.spec_path) if app is not None else Position(".")
        # An internal error prevents writing too, but the other applications are still checked.
        with contained(result.findings, f"planning application '{name}'", at):
            if combined.faulty:
                # Report further faults; a fault of an empty base has already been reported.
                if app is not None and bases[name] != Base(app.base_path):
                    result.findings += plan(app, context).findings
            else:
                _compare(task, name, context, combined.waves.get(name, 0), result)
    yield result


def _compare(task: _Task, name: str, context: AppsContext, wave: int, result: PipelineResult) -> None:
    app, meshed, wanted = task.apps.get(name), False, {}
    if app is not None:
        overlay = plan(app, context)
        result.findings += overlay.findings
        bodies = dict(overlay.files)
        wiring = f"{wirings_folder(task.settings.cluster)}/{name}.yaml"
        bodies[wiring] = render_wiring(app, overlay, task.settings, wave)
        meshed, wanted = overlay.meshed, {path: with_header(name, body) for path, body in bodies.items()}
    difference = compare(name, wanted, task.existing.read(name), force=task.force)
    difference.meshed = meshed
    result.findings += difference.findings
    if not difference.changes:
        return
    if app is None:
        result.removals.append(
            removal(task.root, name, (change.path for change in difference.changes if change.after is None))
        )
    else:
        result.changed += 1
        if not difference.kept and all(change.before is None for change in difference.changes):
            result.created.append(name)
    if task.output is None:
        result.changes += difference.changes
    elif not result.has_errors:
        result.steps.append(task.output.stage(difference, wanted))


def _context(
    task: _Task,
    bases: Mapping[str, Base],
    namespaces: Mapping[str, tuple[BuiltObject, ...]],
    unread: frozenset[str] = frozenset(),
) -> AppsContext:
    """A context with full bases for this worker's applications, and only Namespaces for the others."""
    all_bases = {
        name: bases.get(name) or Base(app.base_path, namespaces.get(name, ()))
        for name, app in task.apps.items()
    }
    return AppsContext(task.apps, all_bases, task.settings, unread)


def _namespaces(base: Base) -> tuple[BuiltObject, ...]:
    return tuple(item for item in base.objects if item.kind == "Namespace")


def _clients(app: App) -> tuple[str, ...]:
    allow = app.spec.policy.allow_from if app.spec.policy else None
    return allow.apps if allow else ()


def _parts(names: Sequence[str]) -> list[Sequence[str]]:
    if len(names) < _MIN_APPS_FOR_TWO_WORKERS or processors() < 2:
        return [names]
    middle = len(names) // 2
    return [names[:middle], names[middle:]]
