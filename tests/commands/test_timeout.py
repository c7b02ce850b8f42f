"""--timeout and --limit: what a command says when its time is over, and what it leaves behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from meshwright import limits
from meshwright.apps import steps
from meshwright.check.rules import runner as rule_runner
from meshwright.check.rules.registry import load_rules
from meshwright.check.rules.rule import Hit
from meshwright.cli import app
from meshwright.deadline import OutOfTime, deadline, held, lift
from support.many_apps import make_repository
from support.repositories import GITOPS_SYNC, config_map, flux_kustomization, write
from support.trees import read_tree

FILES = {
    "clusters/home/sync.yaml": GITOPS_SYNC,
    "clusters/home/one.yaml": flux_kustomization("one", "./one"),
    "one/kustomization.yaml": "resources: [map.yaml, gone.yaml]\n",
    "one/map.yaml": config_map("one"),
}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return write(tmp_path / "repository", FILES)


def slow(folder: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tool that never answers in time."""
    program = folder / name
    program.write_text('#!/bin/sh\ncase "$1" in version|-v) echo v0.0.0;; *) exec /bin/sleep 7;; esac\n')
    program.chmod(0o755)
    monkeypatch.setenv(f"MESHWRIGHT_{name.upper()}", str(program))


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "meshwright", *map(str, words)]
    return subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", errors="replace", timeout=60, check=False
    )


def test_a_check_ends_with_what_it_has(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def find(_: Any) -> Iterator[Hit]:
        time.sleep(20)
        yield from ()

    rules = [replace(load_rules()[0], find=find), *load_rules()[1:]]
    monkeypatch.setattr(rule_runner, "load_rules", lambda: rules)
    started = time.monotonic()

    said = CliRunner().invoke(app, ["check", "--no-cache", "--timeout", "1", str(repository)])

    assert time.monotonic() - started < 10
    assert said.exit_code == 1
    lines = said.stdout.splitlines()
    assert lines[2] == "not checked:"
    assert lines[3].startswith(".: error: stopped after 1 s while applying rule MW001")
    assert "--timeout 2" in lines[4]
    assert any("build/missing-resource" in line for line in lines)


def test_the_report_of_a_check_that_was_stopped_is_not_remembered(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow(tmp_path, "kubeconform", monkeypatch)

    for _ in range(2):
        said = CliRunner().invoke(app, ["check", "--timeout", "1", str(repository)])
        assert "stopped after 1 s while validating 3 objects" in said.stdout


def test_other_commands_end_with_one_line(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subprocess.run(["git", "init", "--quiet", str(repository)], check=True)
    subprocess.run(["git", "-C", str(repository), "add", "-A"], check=True)
    mail = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "-C", str(repository), *mail, "commit", "-qm", "x"], check=True)
    (repository / "one/map.yaml").write_text(config_map("two"))
    status = ["git", "-C", str(repository), "status", "--porcelain", "--ignored"]
    before = subprocess.check_output(status)
    slow(tmp_path, "kustomize", monkeypatch)

    for words in (
        ["trust", str(repository)],
        ["trust", "rotate", "--stage", "1", str(repository)],
        ["diff", "-C", str(repository)],
        ["explain", "one", "two", "-C", str(repository)],
    ):
        said = run(*words, "--timeout", "1")
        assert said.returncode == 2, said
        assert said.stdout == ""
        [line] = said.stderr.splitlines()
        assert line.startswith("meshwright: stopped after 1 s"), line
        assert "--timeout 2" in line
    assert subprocess.check_output(status) == before


def test_generate_writes_nothing_when_it_is_too_late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = make_repository(tmp_path / "repository", 3)
    # A prefix needs the real kustomize.
    base = next((root / "apps").glob("*/kustomization.yaml"))
    base.write_text(base.read_text() + "namePrefix: x-\n")
    slow(tmp_path, "kustomize", monkeypatch)
    before = read_tree(root)

    said = run("generate", "--no-cache", "--timeout", "1", root)

    assert said.returncode == 2
    assert said.stderr.startswith("meshwright: stopped after 1 s")
    assert read_tree(root) == before


def test_what_is_being_written_is_written_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = make_repository(tmp_path / "repository", 3)
    commit = steps._commit

    def late(wanted: Any) -> str:
        time.sleep(2)
        return commit(wanted)

    monkeypatch.setattr(steps, "_commit", late)

    said = CliRunner().invoke(app, ["generate", "--no-cache", "--timeout", "1", str(root)])

    assert said.exit_code == 0
    assert "3 written" in said.stdout


def test_no_timer_is_left_behind(repository: Path) -> None:
    before = signal.getsignal(signal.SIGALRM)

    CliRunner().invoke(app, ["check", "--no-cache", "--timeout", "60", str(repository)])

    assert signal.alarm(0) == 0
    assert signal.getsignal(signal.SIGALRM) is before


def test_held_and_lifted() -> None:
    reached = []

    def work() -> None:
        with held():
            time.sleep(1.5)
            reached.append("the end of the block")
        reached.append("more")

    with pytest.raises(OutOfTime), deadline(1):
        work()
    assert reached == ["the end of the block"]
    with deadline(1):
        lift()
        time.sleep(1.2)


def test_a_deadline_waits_for_an_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On Python 3.11 the exception would come out of this module as a RuntimeError."""
    module = (
        "import time\n"
        "class Slow:\n    def __set_name__(self, owner, name):\n        time.sleep(1.3)\n"
        "class Owner:\n    field = Slow()\n"
    )
    (tmp_path / "slow_to_import.py").write_text(module)
    monkeypatch.syspath_prepend(tmp_path)
    reached = []

    def work() -> None:
        reached.append(hasattr(import_module("slow_to_import"), "Owner"))
        time.sleep(5)
        reached.append(False)

    with pytest.raises(OutOfTime, match="stopped after 1 s"), deadline(1):
        work()
    assert reached == [True]
    monkeypatch.delitem(sys.modules, "slow_to_import")


def test_a_limit_holds_for_one_command(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def find(_: Any) -> Iterator[Hit]:
        seen.append(limits.current().build)
        yield from ()

    rules = [replace(load_rules()[0], find=find)]
    monkeypatch.setattr(rule_runner, "load_rules", lambda: rules)
    for words in (["--limit", "build=77", "--limit", "file=5"], []):
        CliRunner().invoke(app, ["check", "--no-cache", *words, str(repository)])

    assert seen == [77, limits.Limits().build]
    assert limits.current() == limits.Limits()


@pytest.mark.parametrize("words", [["--limit", "build"], ["--limit", "all=3"], ["--timeout", "-1"]])
def test_what_is_no_limit(words: list[str], repository: Path) -> None:
    said = run("check", *words, repository)

    assert said.returncode == 2
    assert said.stderr.startswith(f"meshwright: {words[0]} {words[1]}: write ")
    assert os.linesep not in said.stderr.strip()
