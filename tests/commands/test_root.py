"""Commands find the repository from any folder inside it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from meshwright.commands.root import find_root
from meshwright.errors import MeshwrightError
from support.repositories import config_map, write

pytestmark = pytest.mark.long

ANSWERS = {".copier-answers.yml": "engine: flux\n"}


def run(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "meshwright", *words]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False
    )


def checkout(root: Path) -> None:
    subprocess.run(["git", "init", "--quiet", root], check=True)


def found(start: Path, *, generated: bool = False) -> Path:
    return Path(os.path.realpath(find_root(start, generated=generated)))


def test_the_folder_itself_stays_as_it_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, ANSWERS)
    monkeypatch.chdir(tmp_path)

    assert find_root(Path(), generated=True) == Path()


@pytest.mark.parametrize("generated", [True, False])
def test_the_nearest_answers_win(generated: bool, tmp_path: Path) -> None:
    checkout(tmp_path)
    write(tmp_path, {**ANSWERS, "inner/.copier-answers.yml": "", "inner/a/b/c.yaml": ""})

    assert found(tmp_path / "inner/a/b", generated=generated) == tmp_path / "inner"


def test_answers_win_over_nearer_configuration(tmp_path: Path) -> None:
    write(tmp_path, {**ANSWERS, "a/.meshwright.yaml": "", "a/b/c.yaml": ""})

    assert found(tmp_path / "a/b") == tmp_path


@pytest.mark.parametrize("name", [".meshwright.yaml", ".meshwright-baseline.json"])
def test_configuration_marks_a_repository_inside_a_checkout(name: str, tmp_path: Path) -> None:
    checkout(tmp_path)
    write(tmp_path, {f"deploy/{name}": "", "deploy/apps/a.yaml": ""})

    assert found(tmp_path / "deploy/apps") == tmp_path / "deploy"


def test_without_both_it_is_the_top_of_the_checkout(tmp_path: Path) -> None:
    checkout(tmp_path / "top")
    write(tmp_path, {**ANSWERS, "top/a/b/c.yaml": ""})

    assert found(tmp_path / "top/a/b") == tmp_path / "top", "the search ends at the top"
    assert found(tmp_path / "top/a/b", generated=True) == tmp_path / "top/a/b"


def test_without_any_it_is_the_folder(tmp_path: Path) -> None:
    write(tmp_path, {"a/b.yaml": ""})

    assert found(tmp_path / "a") == tmp_path / "a"


def test_a_bare_repository_on_the_way_up_ends_the_search(tmp_path: Path) -> None:
    write(tmp_path, {**ANSWERS, "HEAD": "", "objects/x": "", "refs/x": "", "a/b.yaml": ""})

    assert found(tmp_path / "a") == tmp_path / "a"


@pytest.mark.parametrize("generated", [True, False])
def test_from_a_parent_the_repositories_below_are_named(generated: bool, tmp_path: Path) -> None:
    write(tmp_path, {"pi/.copier-answers.yml": "", "work/prod/.copier-answers.yml": "", "notes/a.md": ""})
    checkout(tmp_path / "other")

    with pytest.raises(MeshwrightError) as refused:
        find_root(tmp_path, generated=generated)

    what = "a generated repository" if generated else "a repository"
    below = "pi, work/prod" if generated else "other, pi, work/prod"
    first = "pi" if generated else "other"
    assert str(refused.value) == (
        f"{tmp_path}: not {what}, but there are some below: {below}; "
        f"choose one, such as -C {tmp_path}/{first}"
    )


def test_many_repositories_below_are_counted(tmp_path: Path) -> None:
    write(tmp_path, {f"r{number}/.copier-answers.yml": "" for number in range(8)})

    with pytest.raises(MeshwrightError, match=r"below: r0, r1, r2, r3, r4 and 3 more; choose"):
        find_root(tmp_path, generated=True)


@pytest.fixture(scope="module")
def example(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An example with no checkout around it."""
    folder = tmp_path_factory.mktemp("parent") / "pi-cluster"
    shutil.copytree(root / "examples/pi-cluster", folder)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *arguments], cwd=folder, check=True)
    return folder


@pytest.mark.parametrize(
    "words",
    [
        "check",
        "diff",
        "generate --check",
        "app list",
        "app show demo",
        "app add longhorn-two --path apps/longhorn --format json",
        "explain linkerd-control-plane linkerd-crds",
        "trust",
        "trust rotate --stage 1 --preview",
        "update --preview --template nowhere",
    ],
)
def test_every_command_does_the_same_from_inside_and_from_anywhere(
    words: str, example: Path, tmp_path: Path
) -> None:
    top = run(*words.split(), folder=example)
    below = run(*words.split(), folder=example / "platform/pi-cluster/linkerd-viz")
    elsewhere = run("-C", str(example / "platform/pi-cluster/linkerd-viz"), *words.split(), folder=tmp_path)
    beside = run(*words.split(), "-C", str(example), folder=tmp_path)

    assert below.stdout == elsewhere.stdout == beside.stdout == top.stdout
    assert below.returncode == elsewhere.returncode == beside.returncode == top.returncode
    note = f"meshwright: repository: {example}\n"
    assert below.stderr.startswith(note)
    assert elsewhere.stderr.startswith(note)
    assert "repository:" not in top.stderr + beside.stderr
    assert "--quiet" in words or run(*words.split(), "-q", folder=example / "apps").stderr.count(note) == 0


def test_a_path_is_checked_as_it_is(example: Path) -> None:
    assert "not seen" not in run("check", ".", folder=example).stdout
    part = run("check", ".", folder=example / "platform/pi-cluster/linkerd-viz")

    assert part.stdout.startswith("1 of 1 root judged, ")
    assert part.stderr == ""


def test_the_repository_is_named_once(example: Path) -> None:
    said = run("check", ".", "-C", ".", folder=example)

    assert said.returncode == 2
    assert said.stderr == "meshwright: . and -C . both name the repository; leave one out\n"


def test_a_finding_is_explained_anywhere(example: Path) -> None:
    assert run("explain", "MW004", folder=example.parent).returncode == 0
    assert run("check", folder=example.parent).stderr == (
        "meshwright: .: not a repository, but there are some below: pi-cluster; "
        "choose one, such as -C pi-cluster\n"
    )


def test_quiet_and_verbose(tmp_path: Path) -> None:
    good = {"a/kustomization.yaml": "resources: [b.yaml]\n", "a/b.yaml": config_map("x")}
    write(tmp_path, {".meshwright.yaml": "", **good})

    assert run("check", "-q", folder=tmp_path).stdout == ""
    assert run("-q", "check", folder=tmp_path).stdout == ""
    verbose = run("check", "-v", folder=tmp_path)
    assert (
        verbose.stdout == run("check", folder=tmp_path).stdout == "1 of 1 root judged, 1 object, 0 findings\n"
    )
    assert verbose.stderr.splitlines()[0].endswith(" s: reading")

    write(tmp_path, {"a/b.yaml": config_map("x") + "datta: {}\n"})
    said = run("check", "-q", folder=tmp_path)
    assert said.returncode == 1
    assert said.stdout.startswith("a/b.yaml:5:1: error: ConfigMap shop/x: unknown field 'datta'")
    assert "1 root" not in said.stdout
