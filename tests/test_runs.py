"""How the suites run: what failed last can be run alone, and what is skipped says why."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

MAKE = shutil.which("make")


def _pytest(folder: Path, *arguments: str | Path, **environment: str) -> str:
    command = [sys.executable, "-m", "pytest", "-n", "0", *arguments]
    variables = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    run = subprocess.run(
        command, cwd=folder, env={**variables, **environment}, capture_output=True, text=True, check=False
    )
    return run.stdout + run.stderr


def test_the_last_failures_run_alone(root: Path, tmp_path: Path) -> None:
    (tmp_path / "test_two.py").write_text("def test_good(): pass\ndef test_bad(): assert 0\n")
    options = ("-c", root / "pyproject.toml", "--rootdir", tmp_path)

    first = _pytest(tmp_path, *options, "test_two.py")
    second = _pytest(tmp_path, *options, "--lf", "test_two.py")

    assert "1 failed, 1 passed" in first
    assert "1 failed, 1 deselected" in second


def test_skipped_scenarios_say_why_and_how_many(root: Path, tmp_path: Path) -> None:
    """On a machine that has everything but redis-server."""
    for program in ("git", "env"):
        (tmp_path / program).symlink_to(str(shutil.which(program)))
    scenarios = root / "tests" / "engine" / "scenarios"

    said = _pytest(
        root,
        *("-c", root / "tests" / "engine" / "pytest.ini", "-o", f"cache_dir={tmp_path / 'cache'}"),
        *(scenarios / "scenario_argocd_waves.py", scenarios / "scenario_argocd_mishaps.py"),
        PATH=str(tmp_path),
    ).splitlines()

    reasons = [line for line in said[-4:] if line.startswith("SKIPPED [")]
    assert len(reasons) == 2, "a line per file"
    assert all("no Argo CD here: redis-server is not on PATH" in line for line in reasons)
    counted = sum(int(line.removeprefix("SKIPPED [").split("]")[0]) for line in reasons)
    assert f"{counted} skipped" in said[-1]


@pytest.mark.skipif(MAKE is None, reason="make is not on PATH")
@pytest.mark.parametrize(
    ("present", "user", "installed"),
    [((), 0, True), (("redis-server",), 0, False), ((), 1000, False)],
    ids=["missing", "there", "not root"],
)
def test_make_e2e_installs_redis(
    root: Path, tmp_path: Path, present: tuple[str, ...], user: int, installed: bool
) -> None:
    programs = {"id": f"echo {user}", "apt-get": f'echo "$@" >> {tmp_path}/called'}
    for name, script in {**programs, **dict.fromkeys(present, "true")}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)

    subprocess.run([str(MAKE), "redis"], cwd=root, env={"PATH": str(tmp_path)}, check=True)

    called = (tmp_path / "called").read_text().splitlines() if (tmp_path / "called").exists() else []
    assert called == (
        ["update -qq", "install -qq --yes --no-install-recommends redis-server"] if installed else []
    )
    assert "redis" in _dependencies(root, "e2e")


def _dependencies(root: Path, target: str) -> list[str]:
    (line,) = (line for line in (root / "Makefile").read_text().splitlines() if line.startswith(f"{target}:"))
    return line.partition(":")[2].split()
