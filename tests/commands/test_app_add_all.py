"""`app add --all` on the folders of a home lab: every one becomes an application or gets one line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from meshwright.apps.generate import generate
from meshwright.commands import app as command
from meshwright.errors import ExitCode, MeshwrightError
from meshwright.yaml import parse
from support.repositories import deployment
from support.specs import SpecCase, write_case
from support.trees import read_tree

FOLDERS: dict[str, dict[str, Any]] = {
    name: data
    for file in sorted((Path(__file__).parent / "homelab").glob("*.yaml"))
    for name, data in parse(file.read_text(encoding="utf-8"), file.name).items()
}
DEPLOYMENT = deployment("web", "media", account="web")


def lab(root: Path, engine: str, files: dict[str, str]) -> Path:
    return write_case(root, SpecCase("lab", files, (), {"engine": engine}))


def every_file() -> Iterator[tuple[str, str]]:
    for name in sorted(FOLDERS):
        yield from FOLDERS[name]["files"].items()


@pytest.mark.parametrize("engine", ["flux", "argocd"])
def test_home_lab(engine: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = lab(tmp_path, engine, dict(every_file()))

    assert command.add(every=True, output="json", yes=True, repository=root) is ExitCode.FINDINGS

    data = json.loads(capsys.readouterr().out)
    assert data["written"]
    found = {item["name"]: item for item in data["applications"]}
    assert sorted(found) == sorted(FOLDERS)
    for name, item in found.items():
        wanted = FOLDERS[name]["expect"][engine]
        assert item["refused"] == wanted.get("refused"), name
        assert "\n" not in (item["refused"] or "")
        assert item["proposal"] == wanted.get("proposal"), name
        assert item["before"] == wanted.get("before", []), name
        assert (root / "apps" / name / "mesh.yaml").exists() is not bool(item["refused"])
    outcome = generate(root, check=False, force=False, remember=False)
    assert [f"{item.position}: {item.message}" for item in outcome.findings] == []


def test_two_folders_of_one_namespace(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = lab(tmp_path, "flux", {"apps/one/web.yaml": DEPLOYMENT, "apps/two/web.yaml": DEPLOYMENT})

    assert command.add(every=True, yes=True, repository=root) is ExitCode.CLEAN

    printed = capsys.readouterr().out
    assert [line.split()[:4] for line in printed.splitlines()[:3]] == [
        ["app", "namespace", "inject", "workloads"],
        ["one", "media", "enabled", "1"],
        ["two", "media", "enabled", "1"],
    ]
    assert printed.endswith("2 applications added, 0 refused\nnext: meshwright generate\n")
    specs = [parse((root / f"apps/{name}/mesh.yaml").read_text()) for name in ("one", "two")]
    assert [spec.get("createNamespace") for spec in specs] == [True, None]


def test_without_an_answer_nothing_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = lab(tmp_path, "flux", {"apps/one/web.yaml": DEPLOYMENT})
    before = read_tree(root)

    assert command.add(every=True, repository=root) is ExitCode.FINDINGS

    assert read_tree(root) == before
    assert "not written (apps/one/kustomization.yaml, apps/one/mesh.yaml)" in capsys.readouterr().out


def test_applications_are_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = "schema_version: 1\nnamespace: media\ninject: enabled\n"
    root = lab(tmp_path, "flux", {"apps/one/web.yaml": DEPLOYMENT, "apps/one/mesh.yaml": spec})

    assert command.add(every=True, repository=root) is ExitCode.CLEAN

    assert capsys.readouterr().out == "every folder in apps/ has a mesh.yaml\n"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"name": "one", "every": True}, "--all looks at every folder: leave out NAME, --path, --chart,"),
        ({"every": True, "namespace": "x"}, "--all looks at every folder: leave out NAME, --path, --chart,"),
        ({}, "missing argument 'NAME', or --all"),
    ],
)
def test_options_that_do_not_agree(options: dict[str, Any], said: str, tmp_path: Path) -> None:
    root = lab(tmp_path, "flux", {"apps/one/web.yaml": DEPLOYMENT})

    with pytest.raises(MeshwrightError, match=said):
        command.add(repository=root, **options)
