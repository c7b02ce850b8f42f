"""A repository that Flux syncs onto a cluster."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from engine.audit import needs
from engine.engine import Engine
from engine.flux import KUSTOMIZATION, Flux
from engine.repository import Repository, manifests


@dataclass(frozen=True)
class Running:
    """An example, being synced."""

    engine: Engine
    flux: Flux
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
        """Serve a copy of the repository, edited or not, install Flux, and apply the entry point."""
        work = copied(engine, source, edit)
        (entrypoint,) = work.glob("clusters/*/flux-system/gotk-sync.yaml")
        branch = next(
            one["spec"]["ref"]["branch"]
            for one in manifests(entrypoint.parent)
            if one["kind"] == "GitRepository"
        )
        repository = Repository.create(work, engine.folder / f"{source.name}.git", branch)
        engine.serve(repository, archives, more)
        flux = Flux.install(engine.plane, engine.content.trusted)
        flux.sync(entrypoint)
        return cls(engine, flux, repository)

    def wait(self, seconds: float, revision: str | None = None, only: Collection[str] | None = None) -> float:
        """Wait until every layer (of those named) is Ready (at a commit), and give the seconds it took."""
        return self.flux.wait(seconds, self.layers, revision, only)

    @property
    def layers(self) -> int:
        """How many Kustomizations there are to be."""
        return sum(
            1
            for one in manifests(self.repository.work / "clusters")
            if one["kind"] == "Kustomization" and one["apiVersion"].startswith("kustomize.toolkit.fluxcd.io/")
        )

    def needs(self) -> dict[str, list[str]]:
        """The graph that the cluster knows."""
        return needs(self.engine.api.list(*KUSTOMIZATION))

    def ready(self) -> set[str]:
        """The layers that are Ready."""
        return self.flux.ready()

    def pull(self) -> None:
        """Make Flux look at git now."""
        self.flux.pull()


def copied(engine: Engine, source: Path, edit: Callable[[Path], None]) -> Path:
    """A copy of the repository, edited."""
    work = engine.folder / source.name
    shutil.copytree(source, work)
    edit(work)
    return work
