"""Runs every step of a check over one repository."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from meshwright.check.cache.buildcache import BuildCache
from meshwright.check.model.index import Model
from meshwright.check.model.loader import load
from meshwright.check.model.releases import ChartRelease, read_releases
from meshwright.check.model.repository import Repository
from meshwright.check.order.line import Line
from meshwright.check.order.timeline import Timeline
from meshwright.check.report import Report, RootSummary, in_order, is_ours, summarised
from meshwright.check.rules.registry import load_rules
from meshwright.check.rules.runner import run_rules
from meshwright.check.schema.answersfile import answers_checks
from meshwright.check.schema.kubeconform import Kubeconform
from meshwright.check.schema.meshfiles import apps_findings
from meshwright.check.schema.objects import object_checks
from meshwright.check.schema.releasevalues import values_checks
from meshwright.check.schema.schemacheck import SchemaCheck
from meshwright.check.schema.schemas import Schemas, choose_minor
from meshwright.check.verdict.configuration import read_configuration
from meshwright.check.verdict.suppression import suppress
from meshwright.deadline import OutOfTime
from meshwright.errors import MeshwrightError, Position
from meshwright.faults import contained
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.finding import Finding
from meshwright.manifests.kustomization import KustomizationIndex
from meshwright.manifests.words import plural
from meshwright.manifests.workspace import Workspace
from meshwright.progress import say
from meshwright.tools import Tool, locate

# A step reads the built repository; what it submits is judged together with the rest.
Step = Callable[[Repository, Schemas], Iterable[Finding | SchemaCheck]]

# Rules that say what a schema says at the same place, and say more.
_SAME = {"MW706": "kubeconform/unknown-kind", "MW512": "values/value"}

STEPS: dict[str, Step] = {
    "reading the answers": lambda repository, _: answers_checks(repository.files),
    "reading the applications": lambda repository, _: apps_findings(repository.files),
    "reading the objects": object_checks,
}


def check_repository(
    path: Path,
    *,
    kubernetes: str | None = None,
    charts: Path | None = None,
    order: bool = False,
    memory: BuildCache | None = None,
    partial: bool = False,
) -> Report:
    """Check the repository at ``path``; no network, no cluster, and nothing is written into it.

    ``kubernetes`` is a minor such as 1.35, ``charts`` a folder with charts to render; with ``order`` the
    report has the timeline. ``memory`` knows builds and verdicts of earlier checks. With ``partial`` a
    report of what was found is given when the time is over. Raises MeshwrightError when there is nothing to
    check, a tool is missing, or no schemas of that minor are embedded.
    """
    _require_folder(path)
    schemas = Schemas(choose_minor(kubernetes))
    files = RepositoryFiles(path)
    if memory is not None:
        memory.attach(files)
    with Workspace(files.root) as workspace:
        work = _Check(files, schemas, memory)
        try:
            work.run(workspace, charts, order=order)
        except OutOfTime as over:
            if not partial:
                raise
            fix = f"{over.fix}; what follows was not checked"
            work.ours.append(Finding("limit/timeout", Position("."), str(over), fix))
        return work.report()


class _Check:
    """One check; what is found is kept as it is found."""

    def __init__(self, files: RepositoryFiles, schemas: Schemas, memory: BuildCache | None) -> None:
        self._files = files
        self._schemas = schemas
        self._memory = memory
        self._repository = Repository(files, KustomizationIndex(files))
        self._said: list[Finding | SchemaCheck] = []
        self._ruled: list[Finding] = []
        self._refused: list[Finding] = []
        self._kubeconform: Tool | None = None
        self._order: tuple[Line, ...] = ()
        # About the check itself: no suppression in the repository takes them out.
        self.ours: list[Finding] = []

    def run(self, workspace: Workspace, charts: Path | None, *, order: bool) -> None:
        """Every step, one after the other."""
        repository, schemas = self._repository, self._schemas
        with contained(self.ours, "finding and building the roots"):
            load(self._files, workspace, charts, schemas.minor, self._memory, repository)
        say(f"reading {plural(len(repository.roots), 'root')}")
        for doing, step in STEPS.items():
            with contained(self.ours, doing):
                # One by one: what came before a fault counts.
                for item in step(repository, schemas):
                    self._said.append(item)
        releases: list[ChartRelease] = []
        with contained(self.ours, "reading the charts"):
            releases = read_releases(repository)
            self._said.extend(values_checks(releases))
        say("applying the rules")
        with contained(self.ours, "applying the rules"):
            model = Model(repository, releases, schemas.minor)
            for told in run_rules(model):
                if isinstance(told, Finding):
                    self._ruled.append(told)
                else:
                    repository.not_seen.append(told)
            if order:
                self._order = tuple(Timeline(model.order.startup).lines())
        say(f"validating {plural(sum(len(root.objects) for root in repository.roots), 'object')}")
        checks = [item for item in self._said if isinstance(item, SchemaCheck)]
        with contained(self.ours, "validating the objects"):
            judge = Kubeconform(schemas, workspace.root, self._memory)
            self._refused, self._kubeconform = judge.judge(checks)

    def report(self) -> Report:
        """What was found."""
        repository = self._repository
        told = {(_SAME[item.id], item.position) for item in self._ruled if item.id in _SAME}
        said = [item for item in self._said if isinstance(item, Finding)]
        found = [*repository.findings, *said, *self._ruled, *self._refused]
        findings = [item for item in found if (item.id, item.position) not in told and not is_ours(item)]
        ours = [*self.ours, *self._files.faults, *(item for item in found if is_ours(item))]
        with contained(ours, "reading the suppressions"):
            rules = {rule.id for rule in load_rules()}
            findings = suppress(self._files, read_configuration(self._files), findings, rules)
        tools = [tool for tool in (locate("kustomize"), self._kubeconform, repository.helm) if tool]
        return Report(
            findings=in_order([*findings, *ours]),
            not_seen=summarised(repository.not_seen),
            roots=tuple(_summary(repository)),
            tools={tool.name: tool.version for tool in tools},
            kubernetes=self._schemas.minor,
            order=self._order,
        )


@contextmanager
def read_model(path: Path) -> Iterator[Model]:
    """What the rules look at, without any step. Raises MeshwrightError as check_repository does."""
    _require_folder(path)
    minor = choose_minor(None)
    files = RepositoryFiles(path)
    with Workspace(files.root) as workspace:
        repository = load(files, workspace, None, minor)
        yield Model(repository, read_releases(repository), minor)


def _require_folder(path: Path) -> None:
    if not path.is_dir():
        problem = "is not a folder" if path.exists() else "does not exist"
        raise MeshwrightError(f"{path}: {problem}; name the folder of a GitOps repository")
    if not os.access(path, os.R_OK | os.X_OK):
        raise MeshwrightError(f"{path}: cannot be read")


def _summary(repository: Repository) -> Iterable[RootSummary]:
    for root in repository.roots:
        yield RootSummary(root.kind.value, root.path, root.name, root.cluster, root.built, len(root.objects))
