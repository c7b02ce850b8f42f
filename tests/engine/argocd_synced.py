"""A repository that Argo CD syncs onto a cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import yaml

from engine.api import read
from engine.argocd import APPLICATION, HOOK, ArgoCD
from engine.argocd_status import needs
from engine.audit import Audit, Write
from engine.engine import Engine
from engine.repository import Repository, gits, host, manifests
from engine.synced import Synced

# Below the cluster's folder, by the README of a generated repository.
ENTRYPOINTS = ("platform/project.yaml", "argocd/root.yaml", "argocd/apps.yaml")


class Running(Synced[ArgoCD]):
    """A repository, being synced by Argo CD."""

    SUFFIX = "-argocd"

    @classmethod
    def begin(cls, engine: Engine, work: Path, archives: Path | None, more: dict[str, Path]) -> Self:
        """Serve a generated repository, install Argo CD by its values, and apply the entry points."""
        (cluster,) = work.glob(f"clusters/{cls.CLUSTER}")
        values = yaml.safe_load((cluster / "argocd" / "values.yaml").read_text())["configs"]
        settings = {"argocd-cm": values["cm"], "argocd-cmd-params-cm": values["params"]}
        entrypoints = [cluster / path for path in ENTRYPOINTS]
        return cls.apply(engine, work, entrypoints, settings, archives, more)

    @classmethod
    def apply(
        cls,
        engine: Engine,
        work: Path,
        entrypoints: Sequence[Path],
        settings: Mapping[str, Mapping[str, str]],
        archives: Path | None,
        more: dict[str, Path],
    ) -> Self:
        """Serve a repository as it is, install Argo CD with these settings, and apply the entry points."""
        branch = next(
            one["spec"]["source"]["targetRevision"]
            for one in read(*entrypoints)
            if one["kind"] == "Application"
        )
        repository = Repository.create(work, work.with_suffix(".git"), branch)
        engine.serve(repository, archives, more)
        hosts = {host(url) for url in gits(work)}
        argocd = ArgoCD.install(engine.plane, engine.content.trusted, hosts, settings)
        argocd.sync(*entrypoints)
        return cls(engine, argocd, repository)

    @property
    def layers(self) -> int:
        """How many Applications there are to be."""
        work = self.repository.work
        place = work if self.CLUSTER == "*" else work / "clusters" / self.CLUSTER
        return sum(1 for one in manifests(place) if one["kind"] == "Application")

    def needs(self) -> dict[str, list[str]]:
        """The graph that the cluster knows: waves."""
        return needs(self.engine.api.list(*APPLICATION))


class Seeded(Running):
    """A repository of another make, with its root beside its Applications and Argo CD's own settings."""

    @classmethod
    def begin(cls, engine: Engine, work: Path, archives: Path | None, more: dict[str, Path]) -> Self:
        return cls.apply(engine, work, [work / "argocd" / "root.yaml"], {}, archives, more)


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
