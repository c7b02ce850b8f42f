"""A repository that a GitOps engine syncs onto a cluster."""

from __future__ import annotations

import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Generic, Self, TypeVar

from engine.engine import Engine
from engine.gitops import GitOps
from engine.repository import Repository

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
G = TypeVar("G", bound=GitOps)


@dataclass(frozen=True)
class Synced(ABC, Generic[G]):
    """A repository, being synced."""

    engine: Engine
    gitops: G
    repository: Repository

    # What follows the name of an example that is made for this engine.
    SUFFIX: ClassVar[str]
    # The cluster of the repository that is there; its only one by default.
    CLUSTER: ClassVar[str] = "*"

    @classmethod
    def start(
        cls,
        engine: Engine,
        source: Path,
        archives: Path | None = None,
        edit: Callable[[Path], None] = lambda _: None,
        more: dict[str, Path] | None = None,
    ) -> Self:
        """Serve a copy of a repository, edited or not, install the engine, and apply the entry points.

        Args:
            archives: a folder of real chart archives.
            more: other git repositories by URL.
        """
        work = engine.folder / source.name
        shutil.copytree(source, work)
        edit(work)
        return cls.begin(engine, work, archives, more or {})

    @classmethod
    @abstractmethod
    def begin(cls, engine: Engine, work: Path, archives: Path | None, more: dict[str, Path]) -> Self:
        """Serve the repository as it is, install the engine, and apply the entry points."""

    @property
    @abstractmethod
    def layers(self) -> int:
        """How many layers there are to be."""

    @abstractmethod
    def needs(self) -> dict[str, list[str]]:
        """The graph that the cluster knows: what each layer waits for."""

    def wait(self, seconds: float, revision: str | None = None, only: Collection[str] | None = None) -> float:
        """Wait until every layer (of those named) is ready (at a commit), and give the seconds it took."""
        return self.gitops.wait(seconds, self.layers, revision, only)
