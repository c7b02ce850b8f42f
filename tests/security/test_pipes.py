"""A named pipe in place of a file keeps no command waiting: nothing that is not a plain file is read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from security.test_kustomize import git, meshwright
from support.many_apps import make_repository

PLACES = (
    ".copier-answers.yml",
    ".meshwright-baseline.json",
    "apps/app-00000/mesh.yaml",
    "apps/app-00000/deployment.yaml",
    "apps/app-00000/kustomization.yaml",
    "mesh/components/inject/kustomization.yaml",
    "platform/linkerd-control-plane/values.yaml",
    ".sourceignore",
)


@pytest.mark.parametrize("place", PLACES)
def test_a_pipe_in_place_of_a_file(place: str, tmp_path: Path) -> None:
    root = make_repository(tmp_path / "repository", 1)
    git("init", "-q", folder=root)
    git("add", "--all", folder=root)
    git("commit", "-q", "-m", "x", folder=root)
    file = root / place
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    os.mkfifo(file)

    for command in (("check", "--no-cache", "."), ("generate", "--no-cache", "."), ("app", "list")):
        ended = meshwright(*command, "--timeout", "60", folder=root)
        assert "stopped after" not in ended.stderr + ended.stdout, command
        assert "this is a fault of Meshwright" not in ended.stderr + ended.stdout, ended.stderr
        assert ended.returncode in (0, 1, 2)
