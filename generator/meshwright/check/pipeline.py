"""The pipeline of a check: load and build, judge by schema, apply the rules, validate, report."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

from meshwright.check.cache.buildcache import BuildCache
from meshwright.check.layout import layout_findings
from meshwright.check.model.index import Model
from meshwright.check.model.loader import load
from meshwright.check.model.meshfiles import mentions_mesh_or_engine
from meshwright.check.model.releases import ChartRelease, read_releases
from meshwright.check.model.repository import Repository, Root
from meshwright.check.order.line import Line
from meshwright.check.order.timeline import timeline_of
from meshwright.check.report import Report, RootSummary, in_order, is_ours, summarised
from meshwright.check.rules.flux import places_of_dropped
from meshwright.check.rules.registry import rules_by_name
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
from meshwright.finding import Finding, NotSeen, Severity
from meshwright.findingids import known_names
from meshwright.gcpause import no_collection
from meshwright.manifests.conflicts import conflict_findings
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.kustomization import KustomizationIndex
from meshwright.manifests.workspace import Workspace
from meshwright.progress import say
from meshwright.tools import Tool, locate
from meshwright.words import plural

# What is wrong with a file that nothing applies, too: keys, passwords, and what is not YAML.
_IN_GIT = frozenset({"MW901", "MW902", "build/yaml"})
# Rules that say what a schema says at the same place, and say more.
_SAME = {"MW706": "kubeconform/unknown-kind", "MW512": "values/value"}


@no_collection()
def check_repository(
    path: Path,
    *,
    kubernetes: str | None = None,
    charts: Path | None = None,
    order: bool = False,
    memory: BuildCache | None = None,
    partial: bool = False,
    look: Callable[[Model], None] | None = None,
) -> Report:
    """Check the repository at ``path``; no network, no cluster, and nothing is written into it.

    ``kubernetes`` is a minor such as 1.35, ``charts`` a folder with charts to render; with ``order`` the
    report has the timeline. ``memory`` knows builds and verdicts of earlier checks, and learns those of this
    one. With ``partial`` a report of what was found is given when the time is over. ``look`` is given what
    the rules look at. Raises MeshwrightError when there is nothing to check, a tool is missing, or no schemas
    of that minor are embedded.
    """
    _require_folder(path)
    minor = choose_minor(kubernetes)
    files = RepositoryFiles(path)
    if memory is not None:
        memory.attach(files)
    return check_files(
        files, kubernetes=minor, charts=charts, order=order, memory=memory, partial=partial, look=look
    )


@no_collection()
def check_files(
    files: RepositoryFiles,
    *,
    kubernetes: str | None = None,
    charts: Path | None = None,
    order: bool = False,
    memory: BuildCache | None = None,
    partial: bool = False,
    look: Callable[[Model], None] | None = None,
) -> Report:
    """Like check_repository, for files that may be those of a revision."""
    schemas = Schemas(choose_minor(kubernetes))
    with Workspace(files.root) as workspace:
        work = _Check(files, schemas, memory)
        try:
            work.run(workspace, charts, order=order, look=look)
        except OutOfTime as over:
            if not partial:
                raise
            fix = f"{over.fix}; what follows was not checked"
            work.ours.append(Finding("limit/timeout", Position("."), str(over), fix))
        return work.report()


class _Check:
    """One check. Findings are kept as they come, so that a report can be made when the time is over."""

    def __init__(self, files: RepositoryFiles, schemas: Schemas, memory: BuildCache | None) -> None:
        self._files = files
        self._schemas = schemas
        self._memory = memory
        self._repository = Repository(files, KustomizationIndex(files))
        self._from_schemas: list[Finding] = []
        # What kubeconform has to judge, all of it in one process.
        self._pending: list[SchemaCheck] = []
        self._from_rules: list[Finding] = []
        self._from_kubeconform: list[Finding] = []
        self._kubeconform: Tool | None = None
        self._order: tuple[Line, ...] = ()
        # Findings, by id and place, whose cause a rule reports in one line.
        self._explained: set[tuple[str, Position]] = set()
        # About the check itself: no suppression in the repository takes them out.
        self.ours: list[Finding] = []

    def run(
        self,
        workspace: Workspace,
        charts: Path | None,
        *,
        order: bool,
        look: Callable[[Model], None] | None = None,
    ) -> None:
        """The pipeline, first stage to last. A stage that fails is a finding, and the next one runs."""
        repository, schemas = self._repository, self._schemas
        with self._stage("finding and building the roots"):
            load(self._files, workspace, charts, schemas.minor, self._memory, repository)

        say(f"reading {plural(len(repository.roots), 'root')}")
        for folder in self._files.inner:
            reason = "it is a checkout of another repository, which Git keeps out of this one"
            repository.not_seen.append(NotSeen(f"folder {folder}", reason, Position(folder)))
        with self._stage("reading the answers"):
            self._collect(answers_checks(self._files))
        with self._stage("reading the applications"):
            self._collect(apps_findings(self._files, remembered=self._memory is not None))
        with self._stage("comparing the folders with the answers"):
            self._collect(layout_findings(repository))
        with self._stage("reading the objects"):
            self._collect(object_checks(repository, schemas))
        releases: list[ChartRelease] = []
        with self._stage("reading the charts"):
            releases = read_releases(repository)
            self._collect(values_checks(releases))

        say("applying the rules")
        with self._stage("applying the rules"):
            model = Model(repository, releases, schemas.minor)
            for found in run_rules(model):
                if isinstance(found, Finding):
                    self._from_rules.append(found)
                else:
                    repository.not_seen.append(found)
            self._explained = {(_SAME["MW706"], at) for at in places_of_dropped(model)}
            if order:
                self._order = tuple(timeline_of(model).lines())
        if look is not None:
            with self._stage("reading what a picture shows"):
                look(model)

        with self._stage("looking for merge conflicts"):
            told = {item.position.path for item in (*repository.findings, *self._from_schemas)}
            self._collect(conflict_findings(self._files, told))

        say(f"validating {plural(sum(len(root.objects) for root in repository.roots), 'object')}")
        with self._stage("validating the objects"):
            judge = Kubeconform(schemas, workspace.root, self._memory)
            self._from_kubeconform, self._kubeconform = judge.judge(self._pending)

    def _stage(self, doing: str) -> AbstractContextManager[None]:
        return contained(self.ours, doing)

    def _collect(self, found: Iterable[Finding | SchemaCheck]) -> None:
        """Keep findings and what is still to be judged, one by one: what came before a fault counts."""
        for item in found:
            if isinstance(item, Finding):
                self._from_schemas.append(item)
            else:
                self._pending.append(item)

    def report(self) -> Report:
        """What was found so far: without duplicates, without what the repository suppresses, in order."""
        repository = self._repository
        said = {(_SAME[item.id], item.position) for item in self._from_rules if item.id in _SAME}
        if any(item.id == "MW706" for item in self._from_rules):
            said |= self._explained
        found = [*repository.findings, *self._from_schemas, *self._from_rules, *self._from_kubeconform]
        findings = [item for item in found if (item.id, item.position) not in said and not is_ours(item)]
        findings = [_of_unapplied(repository, item) for item in findings]
        ours = [*self.ours, *self._files.faults, *(item for item in found if is_ours(item))]
        with contained(ours, "reading the suppressions"):
            configuration = read_configuration(self._files)
            findings = suppress(self._files, configuration, findings, known_names(rules_by_name()))
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


def _of_unapplied(repository: Repository, finding: Finding) -> Finding:
    """A finding; at most a warning in a file that nothing applies, except for what Git itself reveals."""
    if finding.position.path not in repository.unapplied or finding.id in _IN_GIT:
        return finding
    severity = Severity.WARNING if finding.severity is Severity.ERROR else finding.severity
    message = f"{finding.message} (nothing that the check can see applies this file)"
    return replace(finding, severity=severity, message=message)


def _require_folder(path: Path) -> None:
    if not path.is_dir():
        problem = "is not a folder" if path.exists() else "does not exist"
        raise MeshwrightError(f"{path}: {problem}; name the folder of a GitOps repository")
    if not os.access(path, os.R_OK | os.X_OK):
        raise MeshwrightError(f"{path}: cannot be read")


def _summary(repository: Repository) -> Iterable[RootSummary]:
    for root in repository.roots:
        unjudged = not root.built and not root.objects
        why = root.faults[0].id if unjudged and root.faults else ""
        matters = unjudged and any(
            mentions_mesh_or_engine(repository.files, path) for path in _files_of(repository, root)
        )
        yield RootSummary(
            root.kind.value, root.path, root.name, root.cluster, root.built, len(root.objects), why, matters
        )


def _files_of(repository: Repository, root: Root) -> Iterable[str]:
    """The files that a root reads, or that are in its folder."""
    read = root.unit.inputs.files if root.unit is not None else ()
    return dict.fromkeys([*read, *repository.files.below(root.path)])
