"""What `meshwright update` does with overlays where an older Meshwright wrote them, in mesh/apps/<app>/."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from meshwright.apps.header import with_header
from meshwright.commands.update import update
from meshwright.errors import ExitCode
from support.upgrades import commit, git, make_repository, real_template, release

pytestmark = pytest.mark.usefixtures("renders_here")

# The components were in mesh/components/ too, where nothing is today.
OLD = with_header(
    "demo",
    "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n  - ../../../apps/demo\n"
    "components:\n  - ../../components/inject-workloads\n",
)
NEXT = [{"append": {"file": "template/repo/README.md.jinja", "text": "\nMore.\n"}}]


@pytest.fixture(scope="module")
def made(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("old")
    template = real_template(folder / "template", root)
    repository = make_repository(template, folder / "home", {"apps": ["demo"]}, "v0.1.0")
    release(template, NEXT, "v0.2.0")
    return repository


@pytest.fixture
def repository(made: Path, tmp_path: Path) -> Path:
    folder = Path(shutil.copytree(made, tmp_path / "home"))
    for path, text in {
        "mesh/apps/demo/kustomization.yaml": OLD,
        "mesh/apps/demo/gate.yaml": OLD.replace("\n", "\r\n"),
        # Of no application that has an overlay today, and of none at all.
        "mesh/apps/gone/kustomization.yaml": OLD.replace("apps/demo/mesh", "apps/gone/mesh"),
        "mesh/apps/notes/README.md": "mine\n",
    }.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(text.encode())
    commit(folder)
    return folder


def test_they_are_removed(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert update(repository) is ExitCode.CLEAN, capsys.readouterr().out

    assert not (repository / "mesh/apps/demo").exists()
    assert (repository / "mesh/apps/home/demo/kustomization.yaml").is_file()
    assert (repository / "mesh/apps/gone/kustomization.yaml").is_file()
    assert (repository / "mesh/apps/notes/README.md").is_file()
    assert git(repository, "diff", "--name-only") == ""


def test_an_edited_one_is_kept_and_named(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = repository / "mesh/apps/demo/kustomization.yaml"
    file.write_text(f"{OLD}namePrefix: mine-\n", encoding="utf-8")
    commit(repository)

    assert update(repository) is ExitCode.FINDINGS

    output = capsys.readouterr().out
    assert "mesh/apps/demo/kustomization.yaml:1:1: edited by hand since it was generated" in output
    assert "mesh/apps/home/demo replaces it" in output
    assert git(repository, "status", "--porcelain") == ""
