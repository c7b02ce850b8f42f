"""`meshwright diff --clusters`: what two clusters render otherwise, beside what their answers explain."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner, Result

from meshwright.cli import app
from meshwright.errors import ExitCode, MeshwrightError
from support.upgrades import commit, git, make_repository, real_template

pytestmark = pytest.mark.long
ANSWERS = {"cluster_name": "staging", "apps": ["demo"], "viz_host": "linkerd.home.arpa"}
VALUES = "platform/{}/linkerd-control-plane/values.yaml"
NOTES = [
    "answer nodes: 1 on staging, 3 on production",
    "answer viz_host: linkerd.home.arpa on staging, '' on production",
]


@pytest.fixture(scope="module", params=["flux", "argocd"])
def made(request: pytest.FixtureRequest, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("comparison")
    template = real_template(folder / "template", root)
    fleet = make_repository(template, folder / "fleet", {**ANSWERS, "engine": request.param}, "v0.1.0")
    words = ("cluster", "add", "production", "--answers", "nodes=3", "--answers", "viz_host=")
    added = CliRunner().invoke(app, [*words, "-C", str(fleet)])
    assert added.exit_code == ExitCode.CLEAN, added.output
    commit(fleet)
    return fleet


@pytest.fixture
def fleet(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "fleet"))


def diff(fleet: Path, *arguments: str) -> Result:
    words = ("diff", "--clusters", "staging", "production", *arguments)
    return CliRunner().invoke(app, [*words, "-C", str(fleet)])


def test_answers_explain_all_of_it(fleet: Path) -> None:
    same = diff(fleet, "--exit-code")

    assert same.exit_code == ExitCode.CLEAN, same.output
    assert same.output == "\n".join([*NOTES, "", "no differences in rendered objects", ""])
    assert git(fleet, "status", "--porcelain") == ""


def test_edits_of_either_are_differences(fleet: Path, root: Path) -> None:
    values = fleet / VALUES.format("production")
    with values.open("a", encoding="utf-8") as file:
        file.write("controllerLogLevel: debug\n")
    spec = fleet / "apps/demo/mesh.yaml"
    with spec.open("a", encoding="utf-8") as file:
        file.write("overrides: {production: {proxy: {cpu: {request: 77m}}}}\n")
    assert CliRunner().invoke(app, ["generate", str(fleet)]).exit_code == ExitCode.CLEAN
    commit(fleet)

    found = diff(fleet, "--format", "json", "--exit-code")

    assert found.exit_code == ExitCode.FINDINGS
    report = json.loads(found.output)
    schema = json.loads((root / "schema/diff-report.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(report)
    assert (report["old"], report["new"], report["notes"]) == ("staging", "production", NOTES)
    assert {item["path"] for item in report["roots"]} == {
        "platform/production/linkerd-control-plane",
        "mesh/apps/production/demo",
    }
    markdown = diff(fleet, "--format", "markdown").output
    assert "`staging` → `production`\n\n- `answer nodes: 1 on staging, 3 on production`\n" in markdown
    assert "controllerLogLevel" in markdown
    text = diff(fleet).output
    assert "77m" in text
    assert "platform/staging" not in text


def test_without_the_template_everything_is_listed_and_said(fleet: Path) -> None:
    for file in fleet.glob(".copier-answers*.yml"):
        text = file.read_text(encoding="utf-8")
        line = next(row for row in text.splitlines() if row.startswith("_src_path:"))
        file.write_text(text.replace(line, "_src_path: ../nowhere"), encoding="utf-8")
    commit(fleet)

    found = diff(fleet)

    assert found.exit_code == ExitCode.CLEAN, found.output
    assert "differences that the answers explain are listed too: the template ../nowhere does" in found.output
    assert "linkerd-control-plane" in found.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--clusters", "staging", "prod"), "prod: no such cluster"),
        (("--clusters", "staging", "staging"), "staging: name two clusters"),
        (("HEAD~1", "--clusters", "staging", "production"), "HEAD~1: leave it out"),
    ],
)
def test_refusals(fleet: Path, arguments: tuple[str, ...], said: str) -> None:
    refused = CliRunner().invoke(app, ["diff", *arguments, "-C", str(fleet)])

    assert isinstance(refused.exception, MeshwrightError)
    assert said in str(refused.exception)
