"""An upgrade of the full repository as whole processes: `meshwright update` and `copier update` side by side.

Goal: meshwright update <= 1.5 s, generation and check included. Figures are recorded, never asserted.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from support.upgrades import commit, git, make_repository, make_template, real_template, take

BIN = Path(sys.executable).parent
NEXT = [{"replace": {"file": "template/includes/pins.yml", "old": '"2026.8.3"', "new": '"2026.9.1"'}}]
ANSWERS = {"viz_host": "linkerd.home.arpa", "apps": ["demo", "velero", "longhorn", "elastic"]}
COMMANDS = {
    "meshwright": [BIN / "meshwright", "update"],
    "meshwright-no-check": [BIN / "meshwright", "update", "--no-check"],
    "copier": [BIN / "copier", "update", "--defaults", "--quiet"],
}


# Whether they still run is seen by make test-long, and so by .ci/run.
pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def repository(request: pytest.FixtureRequest, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("bench")
    if not request.config.getoption("benchmark_only"):
        # Where nothing is measured a small template shows that the commands run.
        small = make_template(place / "template")
        made = make_repository(small, place / "cluster", {}, "v1.0.0")
        take(small, [{"append": {"file": "template/platform/home/alpha/values.yaml", "text": "more: 1\n"}}])
        commit(small, "v2.0.0")
        return made
    template = real_template(place / "template", root)
    made = make_repository(template, place / "cluster", ANSWERS, "v0.1.0")
    values = made / "platform/home/linkerd-control-plane/values.yaml"
    values.write_text(f"{values.read_text(encoding='utf-8')}# mine\n", encoding="utf-8")
    commit(made)
    take(template, NEXT)
    commit(template, "v0.2.0")
    return made


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_update(benchmark: BenchmarkFixture, repository: Path, command: Sequence[str | Path]) -> None:
    def reset() -> None:
        git(repository, "reset", "--quiet", "--hard")
        git(repository, "clean", "-dqf")

    def run() -> None:
        subprocess.run(command, cwd=repository, check=True, capture_output=True)

    benchmark.pedantic(run, setup=reset, rounds=5, warmup_rounds=1)
