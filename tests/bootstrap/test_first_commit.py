"""The first commit: in the user's name, and without the programs of Git's configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshwright.bootstrap.repository import commit_all, surrounding_checkout
from meshwright.commands.new import new
from meshwright.errors import ExitCode, MeshwrightError
from support.upgrades import git

USER = "[user]\n  name = Ada\n  email = ada@example.org\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "home"
    place.mkdir()
    (place / "a.txt").write_text("a\n", encoding="utf-8")
    return place


def configure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    (tmp_path / "gitconfig").write_text(text, encoding="utf-8")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


def test_no_hook_no_filter_no_signature(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    evil = tmp_path / "hooks/pre-commit"
    evil.parent.mkdir()
    evil.write_text(f"#!/bin/sh\ntouch {tmp_path / 'ran'}\n", encoding="utf-8")
    evil.chmod(0o755)
    attributes = tmp_path / "attributes"
    attributes.write_text("* filter=evil\n", encoding="utf-8")
    configure(
        tmp_path,
        monkeypatch,
        f"{USER}[core]\n  hooksPath = {evil.parent}\n  attributesFile = {attributes}\n  fsmonitor = {evil}\n"
        f'[filter "evil"]\n  clean = {evil}\n[commit]\n  gpgSign = true\n[gpg]\n  program = {evil}\n',
    )

    commit_all(folder, "live")

    assert not (tmp_path / "ran").exists()
    assert git(folder, "show", "HEAD:a.txt") == "a"
    assert git(folder, "log", "--format=%an <%ae>, %cn") == "Ada <ada@example.org>, Ada"
    assert git(folder, "branch", "--show-current") == "live"


def test_without_a_name_nothing_is_made(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(tmp_path, monkeypatch, "")

    with pytest.raises(MeshwrightError, match=r"git config --global user\.name NAME"):
        commit_all(folder, "main")

    assert not (folder / ".git").exists()


def test_a_folder_in_a_checkout_is_committed_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    git(tmp_path, "init", "--quiet")
    monkeypatch.chdir(tmp_path)

    assert new(Path("clusters/home"), defaults=True, git=True, check=False) is ExitCode.CLEAN

    said = capsys.readouterr().out
    assert f"not committed: it is part of the checkout {tmp_path}; commit it there\n" in said
    assert "  1. cd clusters/home && git add --all . && git commit && git push\n" in said
    assert not (tmp_path / "clusters/home/.git").exists()
    assert surrounding_checkout(tmp_path / "clusters/home") == tmp_path
    assert surrounding_checkout(tmp_path) is None


def test_an_empty_clone_is_committed_and_stays_connected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(tmp_path, monkeypatch, f"{USER}[init]\n  defaultBranch = main\n")
    git(tmp_path, "init", "--quiet", "--bare", "hub.git")
    git(tmp_path, "clone", "--quiet", "hub.git", "home")
    monkeypatch.chdir(tmp_path / "home")

    assert new(Path(), defaults=True, git=True, check=False) is ExitCode.CLEAN

    said = capsys.readouterr().out
    assert "committed everything as " in said
    assert "  1. git push -u origin main\n" in said
    assert git(tmp_path / "home", "status", "--porcelain") == ""
    assert git(tmp_path / "home", "remote") == "origin"
