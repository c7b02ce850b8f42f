"""Workflows are pinned: actions by commit, packages by hash; and a fork's pull request gets nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts import sbom

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted(
    path
    for pattern in (".github/workflows/*", "examples/*/.github/workflows/*")
    for path in ROOT.glob(pattern)
)
# Examples of workflows in the manual are copied as they are.
MANUAL = sorted(
    path for path in (ROOT / "docs").rglob("*.md") if "uses: " in path.read_text(encoding="utf-8")
)
EVERYTHING = [ROOT / "action.yml", *WORKFLOWS]
# They publish, each from jobs that state their own rights: a tag's release, and the manual of main.
RELEASE = ROOT / ".github/workflows/release.yml"
MANUAL_SITE = ROOT / ".github/workflows/docs.yml"
PUBLISHING = (RELEASE, MANUAL_SITE)
# None of them runs a fork's code with the rights of this repository.
HARMLESS = {"pull_request", "push", "schedule", "workflow_dispatch"}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def load(path: Path) -> dict[Any, Any]:
    content: dict[Any, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content


def jobs_of(path: Path) -> Iterator[dict[str, Any]]:
    content = load(path)
    yield from content["jobs"].values() if "jobs" in content else [content["runs"]]


def steps_of(path: Path) -> Iterator[dict[str, Any]]:
    for job in jobs_of(path):
        yield from job["steps"]


def scripts_of(path: Path) -> Iterator[str]:
    for step in steps_of(path):
        if "run" in step:
            yield step["run"]


def test_every_workflow_is_looked_at() -> None:
    names = [name_of(path) for path in WORKFLOWS]
    assert ".github/workflows/ci.yml" in names
    assert sum(name.startswith("examples/") for name in names) == 8
    assert len(MANUAL) >= 2


@pytest.mark.parametrize("path", [*EVERYTHING, *MANUAL], ids=name_of)
def test_actions_are_pinned_by_commit_with_their_version(path: Path) -> None:
    lines = re.findall(r"^[ -]*uses: .*$", path.read_text(encoding="utf-8"), re.MULTILINE)
    # What stands behind our own action cannot name its own commit.
    others = [line for line in lines if "uses: meshwright/meshwright@" not in line]
    for line in others:
        assert re.fullmatch(r"\s*(?:- )?uses: [\w-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line


def test_a_version_is_one_commit_everywhere() -> None:
    found: dict[str, set[str]] = {}
    for path in [*EVERYTHING, *MANUAL]:
        for action, commit, version in re.findall(
            r"uses: (\S+)@([0-9a-f]{40}) # (\S+)", path.read_text(encoding="utf-8")
        ):
            found.setdefault(f"{action} {version}", set()).add(commit)
    assert found
    assert {name: commits for name, commits in found.items() if len(commits) > 1} == {}


@pytest.mark.parametrize("path", [path for path in WORKFLOWS if path not in PUBLISHING], ids=name_of)
def test_a_workflow_may_read_and_no_more(path: Path) -> None:
    content = load(path)
    assert content["permissions"] == {"contents": "read"}
    # YAML 1.1 reads the key "on" as true.
    assert set(content[True]) <= HARMLESS
    for job in content["jobs"].values():
        assert "permissions" not in job
        assert job["timeout-minutes"] <= 120


def test_each_job_of_the_release_has_the_rights_that_it_needs() -> None:
    content = load(RELEASE)
    assert content[True] == {"push": {"tags": ["v*"]}}
    assert content["permissions"] == {}
    jobs = content["jobs"]
    assert {name: job["permissions"] for name, job in jobs.items()} == {
        "build": {"contents": "read"},
        "test": {"contents": "read"},
        "attest": {"id-token": "write", "attestations": "write"},
        "publish": {"contents": "read", "id-token": "write"},
        "image": {"contents": "read", "packages": "write"},
        "image-index": {"packages": "write"},
        "attest-image": {"id-token": "write", "attestations": "write"},
        "release": {"contents": "write"},
    }
    assert all(job["timeout-minutes"] <= 30 for job in jobs.values())


def test_the_job_with_the_identity_of_the_release_runs_no_code_of_the_project() -> None:
    jobs = load(RELEASE)["jobs"]
    scripts = "\n".join(step.get("run", "") for step in jobs["publish"]["steps"])
    assert "make" not in scripts
    assert "--require-hashes --only-binary :all:" in scripts
    assert jobs["publish"]["environment"] == "pypi"


def test_what_is_published_is_attested_before() -> None:
    jobs = load(RELEASE)["jobs"]
    assert jobs["publish"]["needs"] == "attest"
    assert "attest-image" in jobs["release"]["needs"]
    for name in ("attest", "attest-image"):
        # Only actions: a step with a script could change what is attested.
        assert all("run" not in step for step in jobs[name]["steps"]), name
    subjects = [
        step["with"] for step in jobs["attest"]["steps"] if step["uses"].startswith("actions/attest@")
    ]
    assert {given["subject-path"] for given in subjects} == {"dist/meshwright-*"}
    assert [given.get("sbom-path") for given in subjects] == [None, f"dist/{sbom.NAME}"]


def test_the_token_of_the_release_is_for_docker_and_gh_alone() -> None:
    """A step that has it starts nothing else, and no step follows: ``docker login`` writes it to a file."""
    command = r"docker (?:login|push|buildx imagetools) .*|gh .*"
    name = r'image="ghcr\.io/meshwright/meshwright:\$\{GITHUB_REF_NAME#v\}(?:-\$ARCHITECTURE)?"'
    found = set()
    for job_name, job in load(RELEASE)["jobs"].items():
        *others, last = job["steps"]
        assert "token" not in str({**job, "steps": others}).lower().replace("id-token", "")
        if "github.token" not in str(last):
            continue
        found.add(job_name)
        assert "uses" not in last
        for line in last["run"].splitlines():
            assert re.fullmatch(f"{command}|{name}", line), line
            assert not re.search(r"[;&|`]|\$\(", line), line
    assert found == {"image", "image-index", "release"}
    assert RELEASE.read_text(encoding="utf-8").count("github.token") == len(found)


def test_the_manual_is_published_from_main_by_a_job_that_runs_no_script() -> None:
    content = load(MANUAL_SITE)
    assert content[True] == {"pull_request": {}, "push": {"branches": ["main"]}}
    assert content["permissions"] == {}
    jobs = content["jobs"]
    assert {name: job["permissions"] for name, job in jobs.items()} == {
        "build": {"contents": "read"},
        "publish": {"pages": "write", "id-token": "write"},
    }
    assert all(job["timeout-minutes"] <= 15 for job in jobs.values())
    publish = jobs["publish"]
    # A pull request builds the site and no more.
    assert publish["if"] == "github.event_name == 'push'"
    assert publish["environment"] == "github-pages"
    [step] = publish["steps"]
    assert step.keys() == {"uses"}
    assert step["uses"].startswith("actions/deploy-pages@")


@pytest.mark.parametrize("path", EVERYTHING, ids=name_of)
def test_no_secret_and_no_token_is_handed_out(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    # The release has its token in three steps, which have a test of their own.
    more = r"|github\.token" if path != RELEASE else ""
    assert not re.search(rf"\bsecrets\b|GITHUB_TOKEN{more}", text)
    for step in steps_of(path):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("path", EVERYTHING, ids=name_of)
def test_nothing_is_put_into_a_script(path: Path) -> None:
    """What stands in ``${{ }}`` becomes part of the script: a branch may be called ``$(id)``."""
    assert [script for script in scripts_of(path) if "${{" in script] == []


@pytest.mark.parametrize("path", EVERYTHING, ids=name_of)
def test_nothing_that_runs_lies_in_the_checkout(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "actions/cache" not in text
    assert "MESHWRIGHT_CACHE" not in text
    assert "github.workspace" not in text
    assert "GITHUB_WORKSPACE" not in text


@pytest.mark.parametrize("path", [path for path in EVERYTHING if path != RELEASE], ids=name_of)
def test_packages_come_by_their_hashes(path: Path) -> None:
    scripts = "\n".join(scripts_of(path))
    assert not re.search(r"\bpip\b|\bpipx\b|\buvx?\b|\bcurl\b|\bwget\b|\bnpx?\b", scripts)
