"""The environment and the words that every git command gets."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from meshwright.git.command import (
    MissingGit,
    command,
    configured,
    environment,
    environment_for_others,
    program,
)
from meshwright.git.gitpython import Git

LOCAL = subprocess.run(
    ["git", "rev-parse", "--local-env-vars"], check=True, capture_output=True, text=True
).stdout.split()
MORE = ["GIT_EXTERNAL_DIFF", "GIT_PAGER", "GIT_EDITOR", "GIT_TRACE", "GIT_NAMESPACE", "GIT_SSH_COMMAND"]


@pytest.mark.parametrize("name", sorted({*LOCAL, *MORE} - {"GIT_CONFIG_COUNT"}))
def test_nothing_leads_elsewhere(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "/elsewhere")

    assert name not in environment()
    assert name not in environment_for_others()


def test_the_users_own_settings_stay(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    own = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_VALUE_0": "/builds",
        "GIT_CONFIG_GLOBAL": str(tmp_path / "config"),
    }
    for name, value in own.items():
        monkeypatch.setenv(name, value)

    assert own.items() <= environment().items()
    found = environment_for_others((("filter.x.clean", ""),))
    assert found["GIT_CONFIG_KEY_0"] == "safe.directory"
    said = subprocess.run(
        ["git", "config", "--get-all", "core.hooksPath"],
        env=found,
        check=True,
        capture_output=True,
        text=True,
    )
    assert said.stdout == "/dev/null\n"


def test_a_count_that_is_none_is_begun_anew() -> None:
    found = configured({"GIT_CONFIG_COUNT": "x"}, [("a.b", "c")])

    assert found == {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "a.b", "GIT_CONFIG_VALUE_0": "c"}


@pytest.mark.parametrize(
    ("allowed", "expected"),
    [(None, "file:git:http:https:ssh"), ("https:ext", "https"), ("ext", "none"), ("", "none")],
)
def test_only_who_fetches_reaches_others(
    monkeypatch: pytest.MonkeyPatch, allowed: str | None, expected: str
) -> None:
    if allowed is not None:
        monkeypatch.setenv("GIT_ALLOW_PROTOCOL", allowed)
    monkeypatch.setenv("GIT_SSH_COMMAND", "ssh -i key")

    assert environment()["GIT_ALLOW_PROTOCOL"] == "none"
    assert environment(fetches=True)["GIT_ALLOW_PROTOCOL"] == expected
    assert environment(fetches=True)["GIT_SSH_COMMAND"] == "ssh -i key"


def test_nothing_is_cloned_by_who_does_not_fetch(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    Git(tmp_path)("init", "--quiet", "a")

    assert "transport 'file' not allowed" in Git(tmp_path).run("clone", "a", "b").stderr
    assert Git(tmp_path).fetching().run("clone", "a", "b").status == 0


def test_no_git_of_the_repository(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "git").write_text("#!/bin/sh\n", encoding="utf-8")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", ".::bin")

    with pytest.raises(MissingGit):
        program()
    assert environment()["PATH"] == ""


def test_settings_win_over_every_file() -> None:
    words = command("status", settings=[("filter.x.clean", "")])

    assert words[-3:] == ["-c", "filter.x.clean=", "status"]
    assert "core.fsmonitor=false" in words
    assert "safe.bareRepository=explicit" in words


def test_the_environment_is_as_before(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import os

    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    before = dict(os.environ)

    Git(tmp_path)("init", "--quiet", "here")

    assert (tmp_path / "here/.git").is_dir()
    assert dict(os.environ) == before
