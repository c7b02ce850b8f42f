"""A repository that Argo CD syncs onto a cluster."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from engine.argocd import APPLICATION, HOOK, ArgoCD
from engine.argocd_status import needs
from engine.audit import Audit, Write
from engine.engine import Engine
from engine.repository import Repository, gits, host, manifests
from engine.synced import copied

# Below the cluster's folder, by the README of a generated repository.
ENTRYPOINTS = ("platform/project.yaml", "argocd/root.yaml", "argocd/apps.yaml")


@dataclass(frozen=True)
class Running:
    """An example, being synced."""

    engine: Engine
    argocd: ArgoCD
    repository: Repository

    @classmethod
    def start(
        cls,
        engine: Engine,
        source: Path,
        archives: Path | None = None,
        edit: Callable[[Path], None] = lambda _: None,
        more: dict[str, Path] | None = None,
    ) -> Running:
        """Serve a copy of a generated repository, edited or not, install Argo CD, apply the entry points."""
        work = copied(engine, source, edit)
        (cluster,) = work.glob("clusters/*")
        values = yaml.safe_load((cluster / "argocd" / "values.yaml").read_text())["configs"]
        settings = {"argocd-cm": values["cm"], "argocd-cmd-params-cm": values["params"]}
        root = yaml.safe_load((cluster / "argocd" / "root.yaml").read_text())
        branch = root["spec"]["source"]["targetRevision"]
        entrypoints = [cluster / path for path in ENTRYPOINTS]
        return cls.apply(engine, work, branch, entrypoints, settings, archives, more)

    @classmethod
    def apply(
        cls,
        engine: Engine,
        work: Path,
        branch: str,
        entrypoints: Sequence[Path],
        settings: Mapping[str, Mapping[str, str]],
        archives: Path | None = None,
        more: dict[str, Path] | None = None,
    ) -> Running:
        """Serve a repository as it is, install Argo CD with these settings, and apply the entry points."""
        repository = Repository.create(work, work.with_suffix(".git"), branch)
        engine.serve(repository, archives, more)
        hosts = {host(url) for url in gits(work)}
        argocd = ArgoCD.install(engine.plane, engine.content.trusted, hosts, settings)
        argocd.sync(*entrypoints)
        return cls(engine, argocd, repository)

    @property
    def layers(self) -> int:
        """How many Applications there are to be."""
        return sum(1 for one in manifests(self.repository.work) if one["kind"] == "Application")

    def needs(self) -> dict[str, list[str]]:
        """The graph that the cluster knows: waves."""
        return needs(self.engine.api.list(*APPLICATION))

    def wait(self, seconds: float, revision: str | None = None, only: Collection[str] | None = None) -> float:
        """Wait until every Application (of those named) is synced (to a commit) and healthy."""
        return self.argocd.wait(seconds, self.layers, revision, only)

    def ready(self) -> set[str]:
        """The Applications that are synced and healthy."""
        return self.argocd.ready()

    def pull(self) -> None:
        """Make Argo CD look at git now."""
        self.argocd.pull()


def expect_gated(example: Running, audit: Audit) -> set[str]:
    """Nothing of an Application is written before its own gate is through; gives those whose gate ran."""
    made = {one.name: one.layer for one in audit.created("jobs") if _of_a_gate(one)}
    through: dict[str | None, str] = {}
    for job in example.engine.api.list("batch/v1", "Job", "linkerd-gate"):
        layer = made.get(job["metadata"]["name"])
        if HOOK in job["metadata"].get("annotations", {}) and layer is not None:
            through[layer] = job["status"]["completionTime"].removesuffix("Z")
    written = [one for one in audit.writes if one.engine or one.resource == "pods"]
    early = [one for one in written if one.time < through.get(one.layer, "") and not _of_a_gate(one)]
    assert [str(one) for one in early] == []
    return {layer for layer in through if layer is not None}


def _of_a_gate(one: Write) -> bool:
    """Whether this is a gate's, or a namespace, which Argo CD makes before any hook."""
    return one.namespace == "linkerd-gate" or one.resource == "namespaces"
