"""Makes every application's output from the specs and manifests, and holds it against what is there."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
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
from meshwright.apps.settings import read_settings
from meshwright.apps.steps import PathSwap
from meshwright.apps.wiring import render_wiring
from meshwright.apps.workers import WorkerPool, processors
from meshwright.apps.writer import Output
from meshwright.errors import Position
from meshwright.faults import contained
from meshwright.gcpause import no_collection
from meshwright.manifests.finding import Finding, Severity
from meshwright.manifests.unit import BuiltObject

# A second process costs as much as some hundred applications.
_ENOUGH_FOR_TWO = 300


@dataclass
class Production:
    """What a run found, and what it staged; ``changes`` are kept where nothing is staged."""

    applications: int = 0
    findings: list[Finding] = field(default_factory=list)
    changes: list[FileChange] = field(default_factory=list)
    steps: list[list[PathSwap]] = field(default_factory=list)
    # Applications that change, and names without an application whose output goes.
    changed: int = 0
    removed: int = 0

    @property
    def has_errors(self) -> bool:
        """Whether nothing may be written."""
        return any(finding.severity is Severity.ERROR for finding in self.findings)

    def absorb(self, other: Production) -> None:
        """Take in what another worker has."""
        self.findings += other.findings
        self.changes += other.changes
        self.steps += other.steps
        self.changed += other.changed
        self.removed += other.removed


@dataclass(frozen=True)
class _Task:
    """What all workers have in common, read before there is more than one."""

    root: Path
    settings: RepositorySettings
    apps: Mapping[str, App]
    existing: Existing
    output: Output | None
    force: bool


@dataclass(frozen=True)
class _FirstPass:
    """What of one worker's bases matters to the others' applications."""

    namespaces: Mapping[str, tuple[BuiltObject, ...]]
    findings: list[Finding]


@dataclass(frozen=True)
class _Gate:
    """What all surveys together come to; ``faulty`` means that nothing will be written."""

    namespaces: Mapping[str, tuple[BuiltObject, ...]]
    waves: Mapping[str, int]
    faulty: bool


def produce(root: Path, output: Output | None, *, force: bool = False) -> Production:
    """Validate, plan and compare everything; stage what differs into ``output``, if any, until a fault shows.

    Raises MeshwrightError when ``root`` is no generated repository, or a tool is missing.
    """
    with no_collection():
        settings = read_settings(root)
        found, findings = load_apps(root, settings)
        apps = {app.name: app for app in found}
        existing = Existing(root, settings.cluster)
        task = _Task(root, settings, apps, existing, output, force)
        names = sorted(apps.keys() | existing.names)
        production = Production(len(apps), [*findings, *existing.findings])
        with WorkerPool([partial(_work, task, part) for part in _parts(names)]) as pool:
            surveys: list[_FirstPass] = pool.answers()
            namespaces = {
                name: made for first_pass in surveys for name, made in first_pass.namespaces.items()
            }
            production.findings += chain.from_iterable(first_pass.findings for first_pass in surveys)
            production.findings += inventory_findings(_landscape(task, {}, namespaces))
            pool.tell(_Gate(namespaces, waves(apps), production.has_errors))
            for part in pool.answers():
                production.absorb(part)
    return production


def _work(task: _Task, names: Sequence[str]) -> Generator[_FirstPass | Production, _Gate, None]:
    """One worker's share: read its bases, and with all workers' namespaces known, plan and compare."""
    own = [task.apps[name] for name in names if name in task.apps]
    # A policy also asks for the service accounts of its clients.
    clients = [client for app in own for client in _clients(app) if client in task.apps]
    needed = {app.name: app for app in (*own, *(task.apps[name] for name in clients))}
    by_path, findings = read_bases(task.root, (app.base_path for app in needed.values()))
    bases = {name: by_path[app.base_path] for name, app in needed.items()}
    namespaces = {app.name: made for app in own if (made := _namespaces(bases[app.name]))}
    verdict = yield _FirstPass(namespaces, findings)
    context = _landscape(task, bases, verdict.namespaces)
    production = Production()
    for name in names:
        app = task.apps.get(name)
        at = Position(app.spec_path) if app is not None else Position(".")
        # An error like any other: nothing is written, and the other applications are looked at.
        with contained(production.findings, f"planning application '{name}'", at):
            if verdict.faulty:
                # What else is wrong is worth a line; an empty base was told about already.
                if app is not None and bases[name] != Base(app.base_path):
                    production.findings += plan(app, context).findings
            else:
                _compare(task, name, context, verdict.waves.get(name, 0), production)
    yield production


def _compare(task: _Task, name: str, context: AppsContext, wave: int, production: Production) -> None:
    app, meshed, wanted = task.apps.get(name), False, {}
    if app is not None:
        overlay = plan(app, context)
        production.findings += overlay.findings
        bodies = dict(overlay.files)
        wiring = f"{wirings_folder(task.settings.cluster)}/{name}.yaml"
        bodies[wiring] = render_wiring(app, overlay, task.settings, wave)
        meshed, wanted = overlay.meshed, {path: with_header(name, body) for path, body in bodies.items()}
    difference = compare(name, wanted, task.existing.read(name), force=task.force)
    difference.meshed = meshed
    production.findings += difference.findings
    if not difference.changes:
        return
    if app is None:
        production.removed += 1
    else:
        production.changed += 1
    if task.output is None:
        production.changes += difference.changes
    elif not production.has_errors:
        production.steps.append(task.output.stage(difference, wanted))


def _landscape(
    task: _Task, bases: Mapping[str, Base], namespaces: Mapping[str, tuple[BuiltObject, ...]]
) -> AppsContext:
    """Every application, with the whole of the bases at hand and the namespaces of the others."""
    everyone = {
        name: bases.get(name) or Base(app.base_path, namespaces.get(name, ()))
        for name, app in task.apps.items()
    }
    return AppsContext(task.apps, everyone, task.settings)


def _namespaces(base: Base) -> tuple[BuiltObject, ...]:
    return tuple(item for item in base.objects if item.kind == "Namespace")


def _clients(app: App) -> tuple[str, ...]:
    allow = app.spec.policy.allow_from if app.spec.policy else None
    return allow.apps if allow else ()


def _parts(names: Sequence[str]) -> list[Sequence[str]]:
    if len(names) < _ENOUGH_FOR_TWO or processors() < 2:
        return [names]
    middle = len(names) // 2
    return [names[:middle], names[middle:]]
