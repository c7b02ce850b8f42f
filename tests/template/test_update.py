"""Plain `copier update` on a repository that was made by plain `copier copy`, without trust."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from copier import run_copy, run_update

from meshwright.apps.generate import generate
from support.trees import read_tree, tree_diff

ANSWERS = {"viz_host": "linkerd.home.arpa", "apps": ["demo", "velero"]}


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false")
    run = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return run.stdout


def commit(folder: Path, tag: str | None = None) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message=state")
    if tag:
        git(folder, "tag", tag)


@pytest.fixture
def template(root: Path, tmp_path: Path) -> Path:
    """The template as a git repository of its own, released as v0.1.0."""
    folder = tmp_path / "template-repository"
    folder.mkdir()
    shutil.copy(root / "copier.yml", folder)
    shutil.copytree(root / "template", folder / "template")
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder, "v0.1.0")
    return folder


@pytest.fixture
def repository(template: Path, tmp_path: Path) -> Path:
    """A generated repository at v0.1.0, committed."""
    folder = tmp_path / "cluster"
    run_copy(str(template), folder, data=ANSWERS, defaults=True, quiet=True, unsafe=False, vcs_ref="v0.1.0")
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder)
    return folder


def update(folder: Path) -> None:
    run_update(folder, defaults=True, overwrite=True, quiet=True, unsafe=False)


def release_next(template: Path) -> None:
    """v0.2.0: a newer Linkerd, and another line in a file that users edit."""
    pins = template / "template/includes/pins.yml"
    pins.write_text(pins.read_text(encoding="utf-8").replace('"2026.8.3"', '"2026.9.1"'), encoding="utf-8")
    values = template / "template/repo/platform/[[ cluster_name ]]/linkerd-control-plane/values.yaml.jinja"
    text = values.read_text(encoding="utf-8")
    values.write_text(
        text.replace("podMonitor:\n", "controllerLogFormat: json\npodMonitor:\n"), encoding="utf-8"
    )
    commit(template, "v0.2.0")


def test_update_without_a_newer_release_changes_nothing(repository: Path) -> None:
    update(repository)

    assert git(repository, "status", "--porcelain") == ""


def test_update_is_the_same_as_a_fresh_copy(template: Path, repository: Path, tmp_path: Path) -> None:
    release_next(template)
    run_copy(str(template), tmp_path / "fresh", data=ANSWERS, defaults=True, quiet=True, vcs_ref="v0.2.0")

    update(repository)

    shutil.rmtree(repository / ".git")
    assert not tree_diff(read_tree(tmp_path / "fresh"), read_tree(repository))


def test_update_keeps_an_edit_and_the_entry_point_that_bootstrap_wrote(
    template: Path, repository: Path
) -> None:
    values = repository / "platform/home/linkerd-control-plane/values.yaml"
    values.write_text(
        values.read_text(encoding="utf-8").replace("externalCA: true", "externalCA: true # mine"),
        encoding="utf-8",
    )
    entry = repository / "clusters/home/flux-system/gotk-sync.yaml"
    entry.write_text("# written by flux bootstrap\n", encoding="utf-8")
    commit(repository)
    release_next(template)

    update(repository)

    assert "externalCA: true # mine" in values.read_text(encoding="utf-8")
    assert "controllerLogFormat: json" in values.read_text(encoding="utf-8")
    assert entry.read_text(encoding="utf-8") == "# written by flux bootstrap\n"
    release = repository / "platform/home/linkerd-control-plane/helmrelease.yaml"
    assert 'version: "2026.9.1"' in release.read_text(encoding="utf-8")


def test_update_leaves_a_mesh_yaml_alone_and_generate_follows_it(template: Path, repository: Path) -> None:
    spec = repository / "apps/demo/mesh.yaml"
    mine = spec.read_text(encoding="utf-8") + "skipInboundPorts: [9999]\n"
    spec.write_text(mine, encoding="utf-8")
    generate(repository, check=False, force=False, remember=False)
    commit(repository)
    theirs = template / "template/repo/apps/demo/mesh.yaml"
    theirs.write_text(theirs.read_text(encoding="utf-8") + "opaquePorts: [7000]\n", encoding="utf-8")
    release_next(template)

    update(repository)

    assert spec.read_text(encoding="utf-8") == mine
    assert not generate(repository, check=True, force=False, remember=False).changes
