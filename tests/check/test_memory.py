"""A remembered report: the same as a fresh one, and forgotten as soon as anything it stands on changes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from meshwright.check import pipeline
from meshwright.check.cache.reportcache import program_state
from meshwright.check.cached import check_remembered
from support.repositories import write
from support.storedrepos import checked
from support.upgrades import adopt, git


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with findings, and things not seen, of several kinds."""
    return checked("chart-values").write(tmp_path / "repository")


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Path]:
    """The checks that were really done, into a cache that starts empty; the tools stay where they are."""
    from meshwright.tools import locate

    for name in ("kustomize", "kubeconform"):
        monkeypatch.setenv(f"MESHWRIGHT_{name.upper()}", str(locate(name).path))
    monkeypatch.setenv("MESHWRIGHT_CACHE", str(tmp_path / "cache"))
    done: list[Path] = []
    really = pipeline.check_repository

    def counted(path: Path, **settings: Any) -> object:
        done.append(path)
        return really(path, **settings)

    monkeypatch.setattr(pipeline, "check_repository", counted)
    return done


def test_an_unchanged_repository_is_checked_once(repository: Path, runs: list[Path]) -> None:
    first = check_remembered(repository)
    second = check_remembered(repository)

    assert len(runs) == 1
    assert first.findings
    assert second == first


def _edit_behind_the_clock(repository: Path) -> None:
    """Another text of the same length, under the old modification time."""
    file = next(
        path for path in sorted(repository.rglob("*.yaml")) if "e" in path.read_text(encoding="utf-8")
    )
    before = file.stat()
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("e", "i", 1), encoding="utf-8")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def _add(repository: Path) -> None:
    (repository / "new.txt").write_text("new", encoding="utf-8")


def _remove(repository: Path) -> None:
    max(repository.rglob("*.yaml")).unlink()


def _link(repository: Path) -> None:
    (repository / "link").symlink_to("nowhere")


@pytest.mark.parametrize("change", [_edit_behind_the_clock, _add, _remove, _link])
def test_a_change_of_the_repository_is_seen(
    change: Callable[[Path], None], repository: Path, runs: list[Path]
) -> None:
    check_remembered(repository)
    change(repository)
    check_remembered(repository)

    assert len(runs) == 2


@pytest.mark.parametrize("what", ["global", "configured", "exclude", "index"])
def test_what_git_ignores_is_seen(
    what: str, repository: Path, runs: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a linked work tree too, whose state is elsewhere."""
    home = tmp_path / "home"
    write(home, {".gitconfig": "[core]\n\texcludesFile = ~/mine\n", "mine": "", ".config/git/ignore": ""})
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    adopt(repository)
    linked = tmp_path / "linked"
    git(repository, "worktree", "add", "--quiet", str(linked))
    check_remembered(linked)
    if what == "index":
        (linked / "more.txt").write_text("x", encoding="utf-8")
        check_remembered(linked)
        git(linked, "add", "more.txt")
    else:
        places = {"global": ".config/git/ignore", "configured": "mine"}
        file = home / places[what] if what in places else repository / ".git/info/exclude"
        file.write_text("*.yaml\n", encoding="utf-8")
    check_remembered(linked)

    assert len(runs) == (3 if what == "index" else 2)


def test_a_configuration_of_git_that_names_no_path(repository: Path, runs: list[Path]) -> None:
    adopt(repository)
    with (repository / ".git" / "config").open("ab") as config:
        config.write(b"[core]\n\texcludesFile = a\0b\n")

    check_remembered(repository)
    check_remembered(repository)

    assert len(runs) == 1


def test_another_tool_is_seen(
    repository: Path, runs: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_remembered(repository)
    other = shutil.copy2(os.environ["MESHWRIGHT_KUBECONFORM"], tmp_path / "kubeconform")
    monkeypatch.setenv("MESHWRIGHT_KUBECONFORM", str(other))
    check_remembered(repository)

    assert len(runs) == 2


def test_each_kubernetes_minor_has_a_report_of_its_own(repository: Path, runs: list[Path]) -> None:
    reports = [check_remembered(repository, kubernetes=minor) for minor in ("1.35", "1.36", "1.35", "1.36")]

    assert [report.kubernetes for report in reports] == ["1.35", "1.36", "1.35", "1.36"]
    assert len(runs) == 2


def test_a_damaged_cache_costs_time_only(repository: Path, runs: list[Path], tmp_path: Path) -> None:
    first = check_remembered(repository)
    for file in (tmp_path / "cache/reports").iterdir():
        file.write_text(file.read_text(encoding="utf-8")[:-20], encoding="utf-8")

    assert check_remembered(repository) == first
    assert len(runs) == 2


def test_a_cache_that_cannot_be_written_costs_time_only(
    repository: Path, runs: list[Path], tmp_path: Path
) -> None:
    (tmp_path / "cache").write_text("a file where a folder should be", encoding="utf-8")

    assert check_remembered(repository) == check_remembered(repository)
    assert len(runs) == 2


def test_a_remembered_report_imports_nothing_of_a_check(repository: Path, runs: list[Path]) -> None:
    check_remembered(repository)
    program = (
        "import sys; from pathlib import Path; from meshwright.commands.check import check;"
        f"check(Path({str(repository)!r})); print(*sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert len(runs) == 1
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "meshwright.check.cache.reportcache" in loaded
    heavy = {"jsonschema", "rich", "tarfile", "meshwright.manifests.files"}
    assert {*heavy, "meshwright.check.pipeline", "meshwright.check.model.loader"} & loaded == set()


def test_the_state_of_the_program_covers_the_whole_package() -> None:
    state = "\n".join(program_state())
    for path in ("cli.py", "yaml/load.py", "check/rules/policy.py", "finding.py"):
        assert f"meshwright/{path} " in state
