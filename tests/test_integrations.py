"""The pre-commit hooks and the GitHub action run the commands that they name."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.notes import notes
from support.storedrepos import checked

AUTHOR = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
_BIN = Path(sys.executable).parent


def _run(command: list[str], where: Path, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": f"{_BIN}{os.pathsep}{os.environ['PATH']}", **more}
    return subprocess.run(command, cwd=where, env=environment, capture_output=True, text=True, check=False)


def _hooks(root: Path) -> dict[str, dict[str, Any]]:
    return {hook["id"]: hook for hook in yaml.safe_load((root / ".pre-commit-hooks.yaml").read_text())}


@pytest.mark.parametrize(("hook", "code"), [("meshwright-check", 1), ("meshwright-generate", 2)])
def test_a_hook_fails_on_a_faulty_repository(root: Path, tmp_path: Path, hook: str, code: int) -> None:
    faulty = checked("missing-path").write(tmp_path)

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
def test_the_action_annotates(root: Path, tmp_path: Path, arguments: str) -> None:
    inputs = {"path": str(checked("missing-path").write(tmp_path)), "format": "github"}
    step = _check_step(root)
    environment = {name: value.split("inputs.")[1].split(" ")[0] for name, value in step["env"].items()}
    given = {name: {**inputs, "arguments": arguments}[key] for name, key in environment.items()}

    found = _run(["bash", "-euo", "pipefail", "-c", step["run"]], root, **given)

    if arguments:
        assert found.returncode == 0, "no rule fires there"
    else:
        assert found.returncode == 1
        assert found.stdout.startswith("::error file=")


_PIN = re.compile(r"^\s*(?:- )?uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")


def _github_files(root: Path) -> list[Path]:
    files = [root / "action.yml", *(root / ".github" / "workflows").glob("*.y*ml")]
    assert len(files) >= 3
    return files


def _jobs(workflow: Path) -> dict[str, dict[str, Any]]:
    return dict(yaml.safe_load(workflow.read_text(encoding="utf-8"))["jobs"])


def test_every_action_is_pinned_by_commit(root: Path) -> None:
    """By a whole commit, and with the version that Renovate and readers see."""
    for file in _github_files(root):
        uses = [
            line for line in file.read_text(encoding="utf-8").splitlines() if "uses:" in line.split("#")[0]
        ]

        assert uses, file
        assert [line for line in uses if not _PIN.match(line)] == [], file


def test_one_action_has_one_commit(root: Path) -> None:
    pins: dict[str, set[str]] = {}
    for file in _github_files(root):
        for name, pin in re.findall(
            r"uses: ([\w./-]+)@(.+)$", file.read_text(encoding="utf-8"), re.MULTILINE
        ):
            pins.setdefault(name, set()).add(pin)

    assert {name: found for name, found in pins.items() if len(found) > 1} == {}


def test_no_expression_is_part_of_a_script(root: Path) -> None:
    """What a branch or an input is called would be run as code."""
    for file in _github_files(root):
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
        jobs = data["jobs"].values() if "jobs" in data else [data["runs"]]
        scripts = [step["run"] for job in jobs for step in job["steps"] if "run" in step]

        assert scripts, file
        assert [script for script in scripts if "${{" in script] == [], file


def test_a_workflow_may_only_read(root: Path) -> None:
    """Permissions are stated, and nothing is granted but what publishes a release or the manual."""
    granted = set()
    for file in (root / ".github" / "workflows").glob("*.y*ml"):
        workflow = yaml.safe_load(file.read_text(encoding="utf-8"))
        assert workflow["permissions"] in ({}, {"contents": "read"}), file
        # PyYAML reads the key `on` as a boolean.
        assert not {"pull_request_target", "workflow_run"} & set(workflow[True]), file
        for name, job in workflow["jobs"].items():
            own = job.get("permissions", workflow["permissions"])
            assert own, f"{file}: {name} states nothing"
            granted |= {(file.name, name, f"{what}: {how}") for what, how in own.items() if how != "read"}
            assert job["timeout-minutes"], f"{file}: {name}"
            for step in job["steps"]:
                if step.get("uses", "").startswith("actions/checkout@"):
                    assert step["with"]["persist-credentials"] is False, f"{file}: {name}"

    assert granted == {
        ("docs.yml", "publish", "pages: write"),
        ("docs.yml", "publish", "id-token: write"),
        ("release.yml", "attest", "id-token: write"),
        ("release.yml", "attest", "attestations: write"),
        ("release.yml", "attest-image", "id-token: write"),
        ("release.yml", "attest-image", "attestations: write"),
        ("release.yml", "publish", "id-token: write"),
        ("release.yml", "image", "packages: write"),
        ("release.yml", "image-index", "packages: write"),
        ("release.yml", "release", "contents: write"),
    }


def test_only_a_tag_publishes(root: Path) -> None:
    file = root / ".github" / "workflows" / "release.yml"
    workflow = yaml.safe_load(file.read_text(encoding="utf-8"))

    assert workflow[True] == {"push": {"tags": ["v*"]}}
    publish = _jobs(file)["publish"]
    assert publish["environment"] == "pypi"
    # The job that holds the identity runs nothing of the checkout: it has the lock of uv alone.
    [checkout] = [step for step in publish["steps"] if step.get("uses", "").startswith("actions/checkout@")]
    assert checkout["with"]["sparse-checkout"] == "requirements"
    assert "make" not in " ".join(step.get("run", "") for step in publish["steps"])
    assert publish["needs"] == "attest"
    assert _jobs(file)["attest"]["needs"] == "test", "a wheel that does not install is never published"


def test_each_command_of_the_release_is_there(root: Path) -> None:
    text = (root / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")

    for script in re.findall(r"(?:^|\s)(scripts/[\w.-]+)", text):
        assert os.access(root / script, os.X_OK), script
    assert "python3 -m scripts.notes" in text


@pytest.mark.parametrize("heading", ["1.2.3", "1.2.3 (29 November 2026)", "1.2.3 - 2026-11-29"])
def test_notes_of_a_release_are_its_section(heading: str) -> None:
    changelog = (
        f"# Changelog\n\n## Unreleased\n\nnew\n\n## {heading}\n\n### Added\n\n- old\n\n## 1.2.2\n\nolder\n"
    )

    assert notes(changelog, "1.2.3") == "### Added\n\n- old\n"
    with pytest.raises(ValueError, match=r"no section 1\.2; it has: Unreleased"):
        notes(changelog, "1.2")


def test_a_release_without_notes_is_refused() -> None:
    with pytest.raises(ValueError, match=r"section 1\.0\.0 is empty"):
        notes("## 1.0.0\n\n## 0.9.0\n\ntext\n", "1.0.0")


@pytest.mark.parametrize(("tag", "code"), [("v1.2.3", 0), ("v1.2.4", 1), ("v1.2", 1)])
def test_a_tag_of_another_version_publishes_nothing(root: Path, tmp_path: Path, tag: str, code: int) -> None:
    steps = _jobs(root / ".github" / "workflows" / "release.yml")["build"]["steps"]
    [check] = [step["run"] for step in steps if "test -f" in step.get("run", "")]
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "meshwright-1.2.3.tar.gz").touch()

    assert _run(["bash", "-euo", "pipefail", "-c", check], tmp_path, GITHUB_REF_NAME=tag).returncode == code


def test_a_bug_report_asks_for_what_reproduces_it(root: Path) -> None:
    folder = root / ".github" / "ISSUE_TEMPLATE"
    form = yaml.safe_load((folder / "bug_report.yml").read_text(encoding="utf-8"))
    config = yaml.safe_load((folder / "config.yml").read_text(encoding="utf-8"))
    asked = {field["id"]: field for field in form["body"] if field["type"] != "markdown"}

    assert {"version", "engine", "command", "happened", "input"} <= asked.keys()
    for field in asked.values():
        assert field["type"] in ("input", "textarea", "dropdown")
        assert field["validations"] == {"required": True}
    [link] = config["contact_links"]
    assert (root / link["url"].partition("/blob/main/")[2]).is_file()


def _own_hooks(root: Path) -> list[dict[str, Any]]:
    config = yaml.safe_load((root / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    [repository] = config["repos"]
    assert repository["repo"] == "local", "from anywhere else it would be fetched, and at another version"
    return list(repository["hooks"])


def test_each_example_is_held_by_each_offered_hook(root: Path) -> None:
    """With the very command that other repositories get, so that a hook that stumbles is seen here first."""
    examples = sorted(path.name for path in (root / "examples").iterdir() if path.is_dir())
    offered = _hooks(root)

    wanted = {
        (id, f".venv/bin/{hook['entry']} examples/{name}")
        for id, hook in offered.items()
        for name in examples
    }
    own = [hook for hook in _own_hooks(root) if hook["id"] in offered]
    assert {(hook["id"], hook["entry"]) for hook in own} == wanted
    for hook in own:
        example = hook["entry"].rpartition(" ")[2]
        assert not hook["pass_filenames"]
        assert re.search(hook["files"], f"{example}/apps/demo/mesh.yaml"), hook["entry"]
        others = [f"examples/{name}/README.md" for name in examples if f"examples/{name}" != example]
        assert not [path for path in others if re.search(hook["files"], path)], hook["entry"]


def test_its_own_hooks_pass(root: Path, tmp_path: Path) -> None:
    # make lint runs ruff; here it would mend files while they are tested.
    skipped = ",".join(sorted({hook["id"] for hook in _own_hooks(root)} - _hooks(root).keys()))
    environment = {"PRE_COMMIT_HOME": str(tmp_path), "SKIP": skipped}

    found = _run(["pre-commit", "run", "--all-files", "--color=never"], root, **environment)

    assert found.returncode == 0, found.stdout + found.stderr
    assert found.stdout.count("Passed") == len([it for it in _own_hooks(root) if it["id"] in _hooks(root)])


def test_the_offered_hooks_are_valid(root: Path, tmp_path: Path) -> None:
    for command, name in (("manifest", ".pre-commit-hooks.yaml"), ("config", ".pre-commit-config.yaml")):
        found = _run(["pre-commit", f"validate-{command}", name], root, PRE_COMMIT_HOME=str(tmp_path))
        assert (found.returncode, found.stdout, found.stderr) == (0, "", ""), name


def test_the_workflow_of_a_generated_repository_shows_the_change(root: Path, tmp_path: Path) -> None:
    """Its steps for pull requests, run as the runner would: the summary and the page are there."""
    repository = tmp_path / "repository"
    shutil.copytree(root / "examples" / "pi-cluster", repository)
    for words in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "base")):
        subprocess.run(["git", *AUTHOR, *words], cwd=repository, check=True, capture_output=True)
    release = repository / "platform/pi-cluster/linkerd-viz/helmrelease.yaml"
    release.write_text(re.sub(r"interval: \w+", "interval: 7m", release.read_text(), count=1))
    subprocess.run(
        ["git", *AUTHOR, "commit", "-qam", "change"], cwd=repository, check=True, capture_output=True
    )
    [job] = _jobs(repository / ".github/workflows/check.yaml").values()
    steps = [step for step in job["steps"] if "run" in step and "pull_request" in step.get("if", "")]
    assert len(steps) == 2
    summary = tmp_path / "summary.md"
    for step in steps:
        found = _run(
            ["bash", "-e", "-c", step["run"]],
            repository,
            GITHUB_STEP_SUMMARY=str(summary),
            RUNNER_TEMP=str(tmp_path),
        )
        assert found.returncode == 0, found.stderr
    text = summary.read_text(encoding="utf-8")
    assert "linkerd-viz" in text.split("```mermaid")[0]
    picture = text.split("```mermaid\n")[1].split("\n```\n")[0]
    assert picture.startswith("flowchart")
    [upload] = [step for step in job["steps"] if "upload-artifact" in step.get("uses", "")]
    page = Path(upload["with"]["path"].replace("${{ runner.temp }}", str(tmp_path)))
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
