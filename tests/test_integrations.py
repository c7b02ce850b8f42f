"""The pre-commit hooks and the GitHub action run the commands that they name."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

_BIN = Path(sys.executable).parent


def _run(command: list[str], where: Path, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": f"{_BIN}{os.pathsep}{os.environ['PATH']}", **more}
    return subprocess.run(command, cwd=where, env=environment, capture_output=True, text=True, check=False)


def _hooks(root: Path) -> dict[str, dict[str, Any]]:
    return {hook["id"]: hook for hook in yaml.safe_load((root / ".pre-commit-hooks.yaml").read_text())}


@pytest.mark.parametrize(("hook", "code"), [("meshwright-check", 1), ("meshwright-generate", 2)])
def test_a_hook_fails_on_a_faulty_repository(root: Path, hook: str, code: int) -> None:
    faulty = root / "tests" / "check" / "repos" / "missing-path"

    found = _run(_hooks(root)[hook]["entry"].split(), faulty)

    assert found.returncode == code


def test_a_hook_passes_on_an_example(root: Path) -> None:
    for hook in _hooks(root).values():
        assert _run(hook["entry"].split(), root / "examples" / "pi-cluster").returncode == 0


def _check_step(root: Path) -> dict[str, Any]:
    action = yaml.safe_load((root / "action.yml").read_text())
    steps: list[dict[str, Any]] = action["runs"]["steps"]
    return steps[-1]


@pytest.mark.parametrize(
    "arguments", ["", "--select MW --severity error", "--severity error\n\n  --select\nMW\n"]
)
def test_the_action_annotates(root: Path, arguments: str) -> None:
    inputs = {"path": str(root / "tests" / "check" / "repos" / "missing-path"), "format": "github"}
    step = _check_step(root)
    environment = {name: value.split("inputs.")[1].split(" ")[0] for name, value in step["env"].items()}
    given = {name: {**inputs, "arguments": arguments}[key] for name, key in environment.items()}

    found = _run(["bash", "-euo", "pipefail", "-c", step["run"]], root, **given)

    if arguments:
        assert found.returncode == 0, "no rule fires there"
    else:
        assert found.returncode == 1
        assert found.stdout.startswith("::error file=")
