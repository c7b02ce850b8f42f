"""Two clusters of one repository: staging meets a new version first, and a promotion brings it to production.

The cluster that runs is production; of staging, its files in the repository count.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from engine import operators, picluster
from engine.deadlines import LONG
from engine.engine import Engine
from engine.expectations import Example, expect_ready
from engine.pods import has_proxy
from support.upgrades import commit, git, make_repository, real_template, release

S = TypeVar("S", bound=Example)
ROOT = Path(__file__).resolve().parents[2]
CLUSTER, NODES = "production", 3
ANSWERS = {
    "cluster_name": "staging",
    "git_url": "https://github.com/example/fleet.git",
    "metrics": "none",
    "nodes": 1,
    "apps": ["demo"],
}
OVERRIDES = """
overrides:
  production:
    proxy:
      memory:
        request: 30Mi
        limit: 256Mi
"""
NEXT = [{"replace": {"file": "template/includes/pins.yml", "old": '"2026.8.3"', "new": '"2026.8.4"'}}]


def make(folder: Path, engine: str) -> Path:
    """A repository as a user makes it: two clusters, and an application that differs on production."""
    template = real_template(folder / "template", ROOT)
    fleet = make_repository(template, folder / "fleet", {**ANSWERS, "engine": engine}, "v0.1.0")
    run(fleet, "cluster", "add", CLUSTER, "--answers", f"nodes={NODES}")
    with (fleet / "apps" / "demo" / "mesh.yaml").open("a", encoding="utf-8") as file:
        file.write(OVERRIDES)
    run(fleet, "generate")
    commit(fleet)
    run(fleet, "check")
    release(template, NEXT, "v0.2.0")
    return fleet


def start(kind: type[S], engine: Engine, fleet: Path, archives: Path | None) -> S:
    """K3s with its Traefik, and the repository, being synced to production."""
    operators.install_k3s(engine.api)
    engine.operate(operators.look_k3s)
    return kind.start(engine, fleet, archives, lambda work: shutil.rmtree(work / ".git"))


def expect_production(example: Example) -> None:
    """What is there is production's: its number of replicas, and its settings of the application."""
    expect_ready(example)
    api = example.engine.api
    destination = api.get("apps/v1", "Deployment", "linkerd-destination", "linkerd")
    assert destination is not None
    assert destination["spec"]["replicas"] == NODES
    pods = [pod for pod in api.list("v1", "Pod", "demo") if has_proxy(pod)]
    assert pods
    limits = [pod["metadata"]["annotations"].get("config.linkerd.io/proxy-memory-limit") for pod in pods]
    assert set(limits) == {"256Mi"}


def expect_untouched(example: Example) -> None:
    """An update of staging is synced by production, and nothing is written to it."""
    work, mark = example.repository.work, example.engine.audit().end
    run(work, "update", "--cluster", "staging")
    changed = git(work, "status", "--porcelain").splitlines()
    assert any("/staging/" in line for line in changed)
    assert [line for line in changed if CLUSTER in line] == []
    revision = example.repository.commit("Update staging")
    example.gitops.pull()
    example.wait(LONG, revision)
    assert [str(one) for one in example.engine.audit().since(mark).writes if one.engine] == []


def expect_promoted(example: Example, archives: Path | None, fetch: Callable[[], None] = lambda: None) -> str:
    """Production gets staging's version, and all its pods the new proxy; gives the commit.

    Args:
        fetch: lets the engine look at the chart repositories now.
    """
    work, mark = example.repository.work, example.engine.audit().end
    run(work, "promote", "staging", CLUSTER)
    changed = git(work, "status", "--porcelain").splitlines()
    assert [line for line in changed if "staging" in line] == []
    example.engine.add_charts(example.repository, archives)
    revision = example.repository.commit("Promote staging to production")
    example.gitops.pull()
    fetch()
    seconds = example.wait(LONG, revision)
    print(f"promoted after {seconds:.0f} s")
    later = example.engine.audit().since(mark)
    layers = {one.layer for one in later.writes if one.engine and one.layer}
    assert {"linkerd-crds", "linkerd-control-plane", "linkerd-gate"} <= layers
    assert [str(pod) for pod, meshed in later.pods() if meshed != picluster.meant(pod)] == []
    destination = example.engine.api.get("apps/v1", "Deployment", "linkerd-destination", "linkerd")
    assert destination is not None
    assert "edge-26.8.4" in str(destination["spec"]["template"])
    assert destination["spec"]["replicas"] == NODES
    return revision


def run(folder: Path, *arguments: str) -> None:
    """Run Meshwright in a repository; it must succeed."""
    command = [sys.executable, "-m", "meshwright", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
