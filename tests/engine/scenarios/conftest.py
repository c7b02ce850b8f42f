"""What every scenario stands on: namespaces, programs, a cluster a file, its logs when it fails."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from engine import argocd, builds, isolation
from engine.engine import Engine

ROOT = Path(__file__).resolve().parents[3]
LOGS = ROOT / "build" / "e2e"
# For four workers, each given two files at once: a long one, then one that is the shorter the longer that is.
ORDER = (
    *("argocd_mishaps", "mishaps", "pi_cluster", "argocd"),
    *("argocd_waves", "datacenter", "argocd_fleet", "fleet", "races", "argocd_datacenter", "linked"),
    *("waits", "sops", "deadlocks"),
)
FAILED = pytest.StashKey[str]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--charts", type=Path, help="a folder of real chart archives, <name>-<version>.tgz")


def pytest_configure(config: pytest.Config) -> None:
    folder: Path | None = config.getoption("--charts")
    if folder is not None and not folder.is_dir():
        raise pytest.UsageError(
            f"--charts {folder}: no such folder; give one with <name>-<version>.tgz files"
        )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    names = [f"scenario_{name}" for name in ORDER]
    items.sort(key=lambda item: names.index(item.path.stem) if item.path.stem in names else len(names))
    obstacle = argocd.obstacle()
    for item in items:
        if obstacle is not None and item.path.stem.startswith("scenario_argocd"):
            item.add_marker(pytest.mark.skip(f"no Argo CD here: {obstacle}"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed and item.parent is not None:
        item.parent.stash[FAILED] = item.name
    return report


def pytest_runtest_setup(item: pytest.Item) -> None:
    """The tests of a file are steps on one cluster: after one that failed the others say nothing."""
    failed = item.parent.stash.get(FAILED, None) if item.parent is not None else None
    if failed is not None:
        pytest.skip(f"{failed} failed before it")


@pytest.fixture(scope="session")
def machine() -> None:
    """Namespaces of this process' own, and every program built; skips where that cannot be."""
    obstacle = isolation.obstacle()
    if obstacle is not None:
        pytest.skip(f"no real engine here: {obstacle}")
    builds.build()
    isolation.enter()


@pytest.fixture(scope="module")
def archives(request: pytest.FixtureRequest) -> Path | None:
    """The folder of --charts."""
    found: Path | None = request.config.getoption("--charts")
    return found


@pytest.fixture(scope="module")
def nodes() -> int:
    """How many nodes the cluster has; a file may say otherwise."""
    return 2


@pytest.fixture(scope="module")
def engine(nodes: int, request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A cluster for the scenarios of one file; its logs and audit log are kept when one of them fails."""
    request.getfixturevalue("machine")
    folder = Path(f"/tmp/meshwright-engine-{os.getpid()}")
    failed = request.session.testsfailed
    cluster = Engine.start(folder, nodes)
    try:
        yield cluster
    finally:
        if request.session.testsfailed > failed:
            kept = LOGS / request.path.stem
            shutil.rmtree(kept, ignore_errors=True)
            shutil.copytree(folder / "logs", kept)
            shutil.copy(cluster.plane.audit_log, kept)
            print(f"logs: {kept}")
        cluster.stop()
        folder.rmdir()
