"""Whole commands over a repository of a thousand applications."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from support.many_apps import make_repository

# Whether they still run is seen by make test-long, and so by .ci/run.
pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def repository(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    # Where nothing is measured a few show that the commands run.
    count = 1000 if request.config.getoption("benchmark_only") else 20
    return make_repository(tmp_path_factory.mktemp("many") / "repository", count)


def meshwright(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "meshwright", *arguments], check=True, capture_output=True)


def clear(repository: Path) -> None:
    shutil.rmtree(repository / "mesh/apps", ignore_errors=True)
    for file in (repository / "clusters/home/apps").glob("app-*.yaml"):
        file.unlink()


def test_generate_from_nothing(benchmark: BenchmarkFixture, repository: Path) -> None:
    def run() -> None:
        meshwright("generate", "--no-cache", str(repository))

    benchmark.pedantic(run, setup=lambda: clear(repository), rounds=3)


def test_generate_when_nothing_changed(benchmark: BenchmarkFixture, repository: Path) -> None:
    meshwright("generate", str(repository))

    benchmark.pedantic(lambda: meshwright("generate", str(repository)), rounds=5)


def test_check_from_nothing(benchmark: BenchmarkFixture, repository: Path) -> None:
    meshwright("generate", str(repository))

    benchmark.pedantic(lambda: meshwright("check", "--no-cache", str(repository)), rounds=2)


def test_check_when_nothing_changed(benchmark: BenchmarkFixture, repository: Path) -> None:
    meshwright("check", str(repository))

    benchmark.pedantic(lambda: meshwright("check", str(repository)), rounds=5)


def test_diff_of_one_application(benchmark: BenchmarkFixture, repository: Path) -> None:
    meshwright("generate", str(repository))
    git = ["git", "-C", str(repository), "-c", "user.name=bench", "-c", "user.email=bench@example.org"]
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "bench"]):
        subprocess.run([*git, *arguments], check=True, capture_output=True)
    manifest = next((repository / "apps").glob("app-*/deployment.yaml"))
    manifest.write_text(manifest.read_text(encoding="utf-8").replace("1.4.2", "1.5.0"), encoding="utf-8")

    benchmark.pedantic(lambda: meshwright("diff", "-C", str(repository)), rounds=3)
