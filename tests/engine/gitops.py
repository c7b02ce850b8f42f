"""What the scenarios ask of a GitOps engine, Flux or Argo CD, on a cluster."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from engine.api import Api, read
from engine.controlplane import ControlPlane
from engine.processes import NotReadyError, Running


@dataclass
class GitOps(ABC):
    """Its processes, and the objects that stand for layers."""

    plane: ControlPlane
    running: dict[str, Running]

    # API version and kind of the object that stands for a layer.
    LAYER: ClassVar[tuple[str, str]]

    @property
    def api(self) -> Api:
        return self.plane.api

    @abstractmethod
    def pull(self) -> None:
        """Make it look at git now, as a webhook does."""

    @abstractmethod
    def unready(self, revision: str | None = None, only: Collection[str] | None = None) -> dict[str, str]:
        """Each layer (of those named) that is not ready (at a commit), with the reason."""

    def sync(self, *entrypoints: Path) -> None:
        """Apply the entry points, as the generated README says."""
        for manifest in read(*entrypoints):
            self.api.apply(manifest, "kubectl")

    def ready(self) -> set[str]:
        """The layers that are there and ready."""
        return {one["metadata"]["name"] for one in self.api.list(*self.LAYER)} - set(self.unready())

    def wait(
        self,
        seconds: float,
        at_least: int,
        revision: str | None = None,
        only: Collection[str] | None = None,
    ) -> float:
        """Wait until every layer (of those named) is ready, and give the seconds that it took.

        Raises:
            NotReadyError: some are not, with the reasons, or a process has ended.
        """
        started = time.monotonic()
        while True:
            for process in self.running.values():
                if not process.alive:
                    raise NotReadyError(f"{process.name} ended:\n{process.tail()}")
            unready = self.unready(revision, only)
            if not unready and len(self.api.list(*self.LAYER)) >= at_least:
                return time.monotonic() - started
            if time.monotonic() - started > seconds:
                listed = "\n".join(f"  {name}: {message}" for name, message in unready.items())
                raise NotReadyError(f"not ready after {seconds:.0f} s:\n{listed}")
            time.sleep(0.5)
