"""One cluster with everything around it: what a scenario starts, drives and reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from engine import charts
from engine.api import Api
from engine.audit import Audit
from engine.content import Content
from engine.controlplane import ControlPlane, boot
from engine.isolation import scratch, unmount
from engine.operators import Operator
from engine.pki import Authority
from engine.pods import PodAgent
from engine.processes import Supervisor
from engine.programs import RUN, Programs
from engine.repository import Repository, gits, host
from engine.repository import charts as asked_charts
from engine.routes import Router


@dataclass
class Engine:
    """A cluster, the web that it sees, and the simulation of what no machine without containers can run."""

    folder: Path
    plane: ControlPlane
    content: Content
    router: Router
    programs: Programs
    agent: PodAgent
    operators: list[Operator] = field(default_factory=list)
    asked: set[charts.Asked] = field(default_factory=set)

    @classmethod
    def start(cls, folder: Path, nodes: int = 2) -> Engine:
        """Boot a cluster in this process' namespaces; there can be one at a time.

        Raises:
            NotReadyError: a part did not come up.
        """
        scratch(folder)
        scratch(RUN.parent)
        RUN.mkdir()
        supervisor = Supervisor(folder / "logs")
        try:
            plane = boot(folder, supervisor, nodes)
        except BaseException:
            supervisor.stop_all()
            raise
        router = Router()
        router.start()
        programs = Programs(plane, router)
        agent = PodAgent(plane.api, programs)
        agent.start()
        return cls(folder, plane, Content(folder / "content", Authority.make("web")), router, programs, agent)

    @property
    def api(self) -> Api:
        return self.plane.api

    def operate(self, look: Callable[[Api], None]) -> None:
        """Run a stand-in for a controller."""
        operator = Operator(self.api, look)
        operator.start()
        self.operators.append(operator)

    def serve(
        self, repository: Repository, archives: Path | None = None, more: dict[str, Path] | None = None
    ) -> None:
        """Serve a repository under its own URL, every chart that it asks for, and other git repositories."""
        urls = gits(repository.work)
        for url in urls:
            self.content.repositories[url] = (more or {}).get(url, repository.bare)
        self.add_charts(repository, archives)
        self.content.start({host(url) for url in urls} | {host(one.url) for one in self.asked})

    def add_charts(self, repository: Repository, archives: Path | None = None) -> None:
        """Serve what the repository asks for now, too: new versions of charts, on hosts served already."""
        self.asked |= asked_charts(repository.work)
        self.content.files.update(charts.files(self.asked, archives))

    def audit(self) -> Audit:
        """All that happened so far."""
        return Audit.read(self.plane.audit_log)

    def stop(self) -> None:
        """Stop every process and thread, and forget every file."""
        for operator in self.operators:
            operator.stop()
        self.agent.stop()
        self.programs.stop()
        self.plane.supervisor.stop_all()
        self.content.stop()
        self.router.stop()
        unmount(RUN.parent)
        unmount(self.folder)
