"""A repository that Flux syncs onto a cluster."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from engine.audit import needs
from engine.engine import Engine
from engine.flux import KUSTOMIZATION, Flux
from engine.repository import Repository, manifests
from engine.synced import Synced


class Running(Synced[Flux]):
    """A repository, being synced by Flux."""

    SUFFIX = ""

    @classmethod
    def begin(cls, engine: Engine, work: Path, archives: Path | None, more: dict[str, Path]) -> Self:
        """Serve the repository as it is, install Flux, and apply the entry point."""
        (entrypoint,) = work.glob(f"clusters/{cls.CLUSTER}/flux-system/gotk-sync.yaml")
        branch = next(
            one["spec"]["ref"]["branch"]
            for one in manifests(entrypoint.parent)
            if one["kind"] == "GitRepository"
        )
        repository = Repository.create(work, work.with_suffix(".git"), branch)
        engine.serve(repository, archives, more)
        flux = Flux.install(engine.plane, engine.content.trusted)
        flux.sync(entrypoint)
        return cls(engine, flux, repository)

    @property
    def layers(self) -> int:
        """How many Kustomizations there are to be."""
        return sum(
            1
            for cluster in self.repository.work.glob(f"clusters/{self.CLUSTER}")
            for one in manifests(cluster)
            if one["kind"] == "Kustomization" and one["apiVersion"].startswith("kustomize.toolkit.fluxcd.io/")
        )

    def applied(self) -> set[str]:
        """The Kustomizations of which something was applied."""
        return {
            one["metadata"]["name"]
            for one in self.engine.api.list(*KUSTOMIZATION)
            if one.get("status", {}).get("inventory", {}).get("entries")
        }

    def needs(self) -> dict[str, list[str]]:
        """The graph that the cluster knows: dependsOn."""
        return needs(self.engine.api.list(*KUSTOMIZATION))
