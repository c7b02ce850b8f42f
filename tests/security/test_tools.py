"""No repository, and no PATH that leads into it, brings a program that Meshwright starts."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from meshwright.errors import MeshwrightError
from meshwright.tools import Installer, ToolNotFoundError, ToolOrigin, locate
from meshwright.tools.catalog import wanted_version
from security.ground import ROOT, Ground


@pytest.fixture
def whole(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> Ground:
    """The repository is an example under Git, as a stranger would send it."""
    monkeypatch.undo()
    shutil.rmtree(ground.repository)
    shutil.copytree(ROOT / "examples/pi-cluster", ground.repository)
    ground.plant(ground.repository / ".cache/meshwright")
    git = ["git", "-C", str(ground.repository), "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for command in (
        ["init", "-q", "-b", "main"],
        ["add", "-A"],
        ["add", "-f", ".cache"],
        ["commit", "-qm", "x"],
    ):
        subprocess.run([*git, *command], check=True, capture_output=True)
    # Something to compare.
    wiring = ground.repository / "clusters/pi-cluster/platform/linkerd-control-plane.yaml"
    wiring.write_text(wiring.read_text().replace("interval: 1h", "interval: 2h"))
    return ground


COMMANDS = [
    ("tools",),
    ("tools", "--install", "kustomize"),
    ("check",),
    ("check", "--changed-since", "HEAD"),
    ("diff",),
    ("generate", "--check"),
    ("app", "add", "demo"),
    ("trust",),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_cache_inside_the_checkout_is_refused(whole: Ground, command: tuple[str, ...]) -> None:
    cache = whole.repository / ".cache/meshwright"
    found = whole.run(*command, MESHWRIGHT_CACHE=str(cache), XDG_STATE_HOME=str(whole.folder / "state"))
    assert not whole.canary.exists()
    if command[0] in ("trust", "app"):
        # Those need no tool here, and may never look at the cache.
        assert "Traceback" not in found.stderr
        return
    assert found.returncode == 2
    lines = set(found.stderr.splitlines())
    assert lines == {
        f"meshwright: MESHWRIGHT_CACHE is {cache}, which is inside the Git checkout {whole.repository}, "
        "where a repository could provide its own tools; set MESHWRIGHT_CACHE to a folder outside, "
        "such as $RUNNER_TEMP/meshwright"
    }


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_fake_in_a_legal_cache_never_runs(whole: Ground, command: tuple[str, ...]) -> None:
    whole.plant(whole.cache)
    found = whole.run(*command, MESHWRIGHT_CACHE=str(whole.cache), XDG_STATE_HOME=str(whole.folder / "state"))
    assert not whole.canary.exists()
    assert "Traceback" not in found.stderr
    if command[0] in ("tools", "check", "diff"):
        assert found.returncode == 2
        told = [line for line in found.stderr.splitlines() if line.startswith("meshwright: ")]
        assert told
        assert all("cached copy is not proved" in line or "go is not on PATH" in line for line in told)


@pytest.mark.parametrize("linked", [False, True])
def test_path_inside_the_checkout_that_one_is_in_brings_no_tool(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, linked: bool
) -> None:
    ground.fake(ground.repository / "bin/kustomize")
    ground.fake(ground.repository / "bin/go")
    folder = ground.repository / "bin"
    if linked:
        (ground.folder / "out").symlink_to(folder)
        folder = ground.folder / "out"
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}bin")
    monkeypatch.chdir(ground.repository)
    with pytest.raises(ToolNotFoundError, match="which is not used because it is in the current checkout"):
        locate("kustomize")
    with pytest.raises(MeshwrightError, match="go is not on PATH"):
        Installer(checksums={}).install("kustomize")
    assert not ground.canary.exists()
    monkeypatch.chdir(ground.folder)
    assert locate("kustomize").origin is ToolOrigin.PATH


def test_a_program_that_is_asked_for_its_version_gets_nothing(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "secret")
    monkeypatch.chdir(ground.repository)
    told = ground.folder / "told"
    script = ground.fake(ground.folder / "bin/kustomize")
    script.write_text(f"#!/bin/sh\nexport > '{told}'\npwd >> '{told}'\necho {wanted_version('kustomize')}\n")
    assert locate("kustomize").path == script
    said = told.read_text()
    assert "secret" not in said
    assert str(ground.repository) not in said
