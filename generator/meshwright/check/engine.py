"""Runs every step of a check over one repository."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from meshwright.check.answers import answers_submissions
from meshwright.check.apps import apps_findings
from meshwright.check.configuration import read_configuration
from meshwright.check.kubeconform import Kubeconform
from meshwright.check.loader import load
from meshwright.check.objects import object_submissions
from meshwright.check.order.timeline import Timeline
from meshwright.check.recall import CheckMemory
from meshwright.check.releases import read_releases
from meshwright.check.report import Report, RootSummary, in_order, summarised
from meshwright.check.repository import Repository
from meshwright.check.rules.families import load_rules
from meshwright.check.rules.model import Model
from meshwright.check.rules.runner import run_rules
from meshwright.check.schemas import Schemas, choose_minor
from meshwright.check.submission import Submission
from meshwright.check.suppression import suppress
from meshwright.check.values import values_submissions
from meshwright.errors import MeshwrightError
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.finding import Finding, NotSeen
from meshwright.manifests.words import plural
from meshwright.manifests.workspace import Workspace
from meshwright.progress import say
from meshwright.tools import locate

# A step reads the built repository; what it submits is judged together with the rest.
Step = Callable[[Repository, Schemas], Iterable[Finding | Submission]]

# Rules that say what a schema says at the same place, and say more.
_SAME = {"MW706": "kubeconform/unknown-kind", "MW512": "values/value"}

STEPS: tuple[Step, ...] = (
    lambda repository, _: answers_submissions(repository.files),
    lambda repository, _: apps_findings(repository.files),
    lambda repository, _: repository.findings,
    object_submissions,
)


def check_repository(
    path: Path,
    *,
    kubernetes: str | None = None,
    charts: Path | None = None,
    order: bool = False,
    memory: CheckMemory | None = None,
) -> Report:
    """Check the repository at ``path``; no network, no cluster, and nothing is written into it.

    ``kubernetes`` is a minor such as 1.35, ``charts`` a folder with charts to render; with ``order`` the
    report has the timeline. ``memory`` knows builds and verdicts of earlier checks. Raises MeshwrightError
    when there is nothing to check, a tool is missing, or no schemas of that minor are embedded.
    """
    _require_folder(path)
    schemas = Schemas(choose_minor(kubernetes))
    files = RepositoryFiles(path)
    if memory is not None:
        memory.attach(files)
    with Workspace(files.root) as workspace:
        repository = load(files, workspace, charts, schemas.minor, memory)
        say(f"reading {plural(len(repository.roots), 'root')}")
        said = [item for step in STEPS for item in step(repository, schemas)]
        releases = read_releases(repository)
        said += values_submissions(releases)
        say("applying the rules")
        model = Model(repository, releases, schemas.minor)
        outcome = list(run_rules(model))
        ruled = [item for item in outcome if isinstance(item, Finding)]
        say(f"validating {plural(sum(len(root.objects) for root in repository.roots), 'object')}")
        submissions = [item for item in said if isinstance(item, Submission)]
        refused, kubeconform = Kubeconform(schemas, workspace.root, memory).judge(submissions)
    told = {(_SAME[item.id], item.position) for item in ruled if item.id in _SAME}
    findings = [
        item for item in [*said, *ruled] if isinstance(item, Finding) and (item.id, item.position) not in told
    ]
    repository.not_seen.extend(item for item in outcome if isinstance(item, NotSeen))
    rules = {rule.id for rule in load_rules()}
    findings += [item for item in refused if (item.id, item.position) not in told]
    findings = suppress(files, read_configuration(files), findings, rules)
    tools = [tool for tool in (locate("kustomize"), kubeconform, repository.helm) if tool]
    return Report(
        findings=in_order(findings),
        not_seen=summarised(repository.not_seen),
        roots=tuple(_summary(repository)),
        tools={tool.name: tool.version for tool in tools},
        kubernetes=schemas.minor,
        order=tuple(Timeline(model.order.landscape).lines()) if order else (),
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
