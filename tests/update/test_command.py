"""The command line on the project's own template, both engines, previews too; once as a user starts it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
from typer.testing import CliRunner, Result

from meshwright.cli import app
from support.upgrades import adopt, commit, copy, git, real_template, take

pytestmark = pytest.mark.long

NEXT = [
    {"replace": {"file": "template/includes/pins.yml", "old": '"2026.8.3"', "new": '"2026.9.1"'}},
    {
        "replace": {
            "file": "template/repo/platform/[[ cluster_name ]]/linkerd-control-plane/values.yaml.jinja",
            "old": "podMonitor:\n",
            "new": "controllerLogFormat: json\npodMonitor:\n",
        }
    },
    {
        "replace": {
            "file": "CHANGELOG.md",
            "old": "# Changelog\n",
            "new": "# Changelog\n\n## 0.2.0\n\n- JSON logs.\n",
        }
    },
]
ANSWERS = {"viz_host": "linkerd.home.arpa", "apps": ["demo"]}


@pytest.fixture(scope="module")
def made(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A template with two versions, and a copy of the first for each engine."""
    place = tmp_path_factory.mktemp("command")
    template = real_template(place / "template", root)
    for engine in ("flux", "argocd"):
        adopt(copy(template, place / engine, {**ANSWERS, "engine": engine}, "v0.1.0"))
    take(template, NEXT)
    commit(template, "v0.2.0")
    return place


@pytest.fixture(params=["flux", "argocd"])
def repository(request: pytest.FixtureRequest, made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made / request.param, tmp_path / "cluster", symlinks=True))


@pytest.fixture
def update(repository: Path, renders_here: None) -> Callable[..., Result]:  # noqa: ARG001
    """The command, in this process."""
    return lambda *arguments: CliRunner().invoke(app, ["update", str(repository), *arguments])


@pytest.mark.parametrize("repository", ["flux"], indirect=True)
def test_the_same_in_a_process(repository: Path, update: Callable[..., Result], tmp_path: Path) -> None:
    other = Path(shutil.copytree(repository, tmp_path / "other", symlinks=True))
    command = [sys.executable, "-m", "meshwright", "update", str(other)]

    apart = subprocess.run(command, capture_output=True, text=True, check=False)
    here = update()

    assert (apart.returncode, apart.stdout, apart.stderr) == (0, here.stdout, here.stderr)
    assert git(other, "diff", "--cached") == git(repository, "diff", "--cached") != ""


def repository_is_flux(repository: Path) -> bool:
    return (repository / "clusters/home/flux-system").is_dir()


def test_preview_then_update(repository: Path, update: Callable[..., Result]) -> None:
    told = update("--preview")

    assert told.exit_code == 0, told.stderr
    assert git(repository, "status", "--porcelain") == ""
    lines = told.stdout.splitlines()
    assert "release notes of 0.2.0:" in lines
    assert "  - JSON logs." in lines
    assert "        spec.chart.spec.version: 2026.8.3 -> 2026.9.1" in lines or any(
        "chart linkerd-control-plane 2026.8.3 -> 2026.9.1" in line for line in lines
    )
    assert any(
        line.startswith("  every meshed pod, for the chart's version of layer linkerd-control-plane: ")
        for line in lines
    )
    order = [
        line.split()[-1].rpartition("/")[2]
        for line in lines
        if line[:2] == "  " and line[2:5].strip().isdigit()
    ]
    assert {"linkerd-crds", "linkerd-control-plane", "linkerd-viz"} <= set(order)
    if repository_is_flux(repository):
        assert order.index("linkerd-crds") < order.index("linkerd-control-plane") < order.index("linkerd-viz")
    else:
        # Each of the Applications syncs the commit on its own.
        assert [line for line in lines if line.startswith("    2  ")] == []
    assert lines[-1].endswith("would change; nothing is written")

    done = update()

    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines()[-1].endswith(
        "changed and staged; review with git diff --cached, then git commit"
    )
    assert git(repository, "diff", "--name-only") == ""
    staged = git(repository, "diff", "--cached", "--name-only").split()
    assert ".copier-answers.yml" in staged
    assert "platform/home/linkerd-control-plane/values.yaml" in staged


def test_json_follows_its_schema(update: Callable[..., Result], root: Path) -> None:
    schema = json.loads((root / "schema/update-report.schema.json").read_text(encoding="utf-8"))

    previewed = json.loads(update("--preview", "--format", "json").stdout)
    done = json.loads(update("--format", "json").stdout)

    for report in (previewed, done):
        jsonschema.validate(report, schema)
    assert [previewed["written"], done["written"]] == [False, True]
    assert previewed["changes"] == done["changes"]
    assert {item["layer"] for item in previewed["preview"]["restarts"]} >= {"linkerd-control-plane"}
    assert any(title.endswith("/linkerd-viz") for title in previewed["preview"]["may_restart"])


def test_a_result_that_the_check_refuses_is_not_written(
    repository: Path, update: Callable[..., Result]
) -> None:
    values = repository / "platform/home/linkerd-control-plane/values.yaml"
    # The user's own edit is fine today, and what the new version brings is a key twice.
    values.write_text(f"controllerLogFormat: plain\n{values.read_text(encoding='utf-8')}", encoding="utf-8")
    commit(repository)

    done = update()

    assert done.exit_code == 1, done.stderr
    assert "platform/home/linkerd-control-plane/values.yaml" in done.stdout
    assert "duplicate key" in done.stdout
    assert done.stdout.splitlines()[-1].endswith("nothing is written. Fix the errors first, or use --force")
    assert git(repository, "status", "--porcelain") == ""
    assert update("--force").exit_code == 1
    assert git(repository, "diff", "--cached", "--name-only") != ""


def test_an_error_that_was_there_before_does_not_stand_in_the_way(
    repository: Path, update: Callable[..., Result]
) -> None:
    file = repository / "platform/home/namespaces/namespaces.yaml"
    file.write_text(
        file.read_text(encoding="utf-8").replace("kind: Namespace", "kind: Namespase", 1), encoding="utf-8"
    )
    commit(repository)

    assert update().exit_code == 0


def test_generated_files_are_left_to_the_generator(repository: Path, update: Callable[..., Result]) -> None:
    spec = repository / "apps/demo/mesh.yaml"
    spec.write_text(spec.read_text(encoding="utf-8") + "skipInboundPorts: [9999]\n", encoding="utf-8")
    assert CliRunner().invoke(app, ["generate", str(repository)]).exit_code == 0
    commit(repository)

    done = update()

    assert done.exit_code == 0, done.stdout
    assert CliRunner().invoke(app, ["generate", "--check", str(repository)]).exit_code == 0
    overlay = "".join(
        path.read_text(encoding="utf-8") for path in (repository / "mesh/apps/home/demo").glob("*.yaml")
    )
    assert "9999" in overlay


def test_as_hosted_renovate_calls_copier(repository: Path) -> None:
    """Without trust, without asking; source: renovate lib/modules/manager/copier/artifacts.ts."""
    options = [
        "--skip-answered",
        "--defaults",
        "--answers-file",
        ".copier-answers.yml",
        "--vcs-ref",
        "v0.2.0",
    ]
    command = [sys.executable, "-m", "copier", "update", *options]

    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    answers = (repository / ".copier-answers.yml").read_text(encoding="utf-8")
    assert '_commit: "v0.2.0"' in answers
    assert "2026.9.1" in git(repository, "diff")
    assert CliRunner().invoke(app, ["check", str(repository)]).exit_code == 0


@pytest.mark.parametrize("repository", ["flux"], indirect=True)
def test_from_one_engine_to_the_other(made: Path, repository: Path, update: Callable[..., Result]) -> None:
    done = update("--answers", "engine=argocd")

    assert done.exit_code == 0, done.stdout + done.stderr
    assert not (repository / "clusters/home/flux-system").exists()
    assert (repository / "clusters/home/argocd").is_dir()
    # The same as if it had always been so.
    assert git(repository, "diff", "--no-index", "--stat", str(made / "argocd/platform"), "platform") == ""
