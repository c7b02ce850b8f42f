"""What users and templates do to one repository, as data, through both ways to update."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from copier import VcsRef, run_update

from meshwright.commands.update import update
from meshwright.errors import ExitCode, MeshwrightError
from support.upgrades import Copies, commit, git, load_scenarios, release, take, write

SCENARIOS = load_scenarios(Path(__file__).parent / "scenarios")
BY_NAME = pytest.mark.parametrize(
    "scenario", [it for _, it in SCENARIOS], ids=[name for name, _ in SCENARIOS]
)


@pytest.fixture(scope="session")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Copies:
    return Copies(tmp_path_factory.mktemp("copies"))


@pytest.fixture
def repository(scenario: Mapping[str, Any], copies: Copies, tmp_path: Path) -> Path:
    """The scenario's repository, with what its user and its template did meanwhile."""
    template, folder = copies.give(tmp_path, scenario.get("template", ()), scenario.get("answers", {}))
    take(folder, scenario.get("user", ()))
    commit(folder)
    if "next" in scenario:
        release(template, scenario["next"], "v2.0.0")
    for path, text in scenario.get("untracked", {}).items():
        write(folder / path, text)
    return folder


def state(repository: Path) -> tuple[str, dict[str, bytes]]:
    """The index and every file outside .git."""
    files = {
        path.relative_to(repository).as_posix(): path.read_bytes()
        for path in repository.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(repository).parts
    }
    return git(repository, "ls-files", "--stage"), files


def assert_files(repository: Path, expected: Mapping[str, Any]) -> None:
    for path, parts in expected.get("has", {}).items():
        text = (repository / path).read_text(encoding="utf-8")
        assert [part for part in parts if part not in text] == [], text
    for path, parts in expected.get("lacks", {}).items():
        text = (repository / path).read_text(encoding="utf-8")
        assert [part for part in parts if part in text] == [], text
    for path, text in expected.get("text", {}).items():
        assert (repository / path).read_bytes().decode() == text
    for path, digits in expected.get("hex", {}).items():
        assert (repository / path).read_bytes().hex() == digits
    for path in expected.get("absent", ()):
        assert not (repository / path).exists(), path
    for path in expected.get("executable", ()):
        assert (repository / path).stat().st_mode & 0o111, path
    for path, target in expected.get("link", {}).items():
        assert str((repository / path).readlink()) == target


@pytest.mark.usefixtures("renders_here")
@BY_NAME
def test_meshwright_update(
    scenario: Mapping[str, Any],
    repository: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = state(repository)
    expected = scenario["expect"]
    options = {**scenario.get("update", {})}
    options["answers"] = tuple(options.get("answers", ()))
    told = ""

    try:
        status = update(repository, **options)
    except MeshwrightError as error:
        status, told = ExitCode.COULD_NOT_RUN, str(error)

    output = capsys.readouterr().out
    assert status == expected.get("exit", 0), told or output
    if status in (0, 3) and not options.get("write_conflicts"):
        assert (state(repository) == before) == (status == 3 or bool(expected.get("unchanged"))), output
    if expected.get("unchanged") or status == 2:
        assert state(repository) == before
    for part in expected.get("error", ()):
        assert part in told
        assert all(len(line.split("\n")) == 1 for line in told.split("\nmeshwright: "))
    for part in expected.get("output", ()):
        assert part in output
    for path, reason in expected.get("conflicts", {}).items():
        assert re.search(rf"^  {re.escape(path)}: .*{re.escape(reason)}", output, re.MULTILINE), output
    assert_files(repository, expected)
    answers = yaml.safe_load((repository / ".copier-answers.yml").read_text(encoding="utf-8"))
    for key, value in expected.get("answers", {}).items():
        assert answers.get(key) == value
    unmerged = git(repository, "diff", "--name-only", "--diff-filter=U").split()
    assert unmerged == expected.get("unmerged", [])
    if status == 0:
        # All of it is staged, and nothing else is there.
        assert git(repository, "diff", "--name-only") == ""
        assert_nothing_lost(repository, scenario)


def assert_nothing_lost(repository: Path, scenario: Mapping[str, Any]) -> None:
    """Each line that the user wrote stands somewhere in the repository after a clean update."""
    text = "\n".join(
        path.read_bytes().decode("utf-8", "replace")
        for path in repository.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(repository).parts
    )
    for step in scenario.get("user", ()):
        ((verb, what),) = step.items()
        written = what.get("new") or what.get("text") if isinstance(what, dict) else None
        if verb in ("replace", "write", "append") and written and what["file"] != ".copier-answers.yml":
            assert written.strip().splitlines()[0] in text


@BY_NAME
def test_copier_update(scenario: Mapping[str, Any], repository: Path) -> None:
    """The record of what plain `copier update` does with the same, losses included."""
    before = state(repository)
    expected = scenario["copier"]
    data = expected.get("data")
    upgrade = "next" in scenario and not (data and "to" not in scenario.get("update", {}))
    failed = ""

    try:
        run_update(
            repository,
            data=dict(data or {}),
            vcs_ref=None if upgrade else VcsRef.CURRENT,
            defaults=True,
            overwrite=True,
            quiet=True,
            unsafe=False,
        )
    except Exception as error:
        failed = type(error).__name__

    assert bool(failed) == ("error" in expected), failed
    if failed:
        assert re.fullmatch(expected["error"], failed)
    if expected.get("unchanged"):
        assert state(repository) == before
    assert_files(repository, expected)
