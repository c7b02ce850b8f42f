"""A person answers on a real terminal, wrong answers included, 80 and 120 columns wide."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.terminal import CONTROL_C, CONTROL_D, DOWN, ENTER, TAB, Terminal
from support.upgrades import git

pytestmark = pytest.mark.long

CLEAR = "\x15"
NO_ANSWERS_YET = (
    *("cluster_name", "engine", "git_url", "distribution", "nodes", "ingress", "gateway_api"),
    *("cert_manager", "trust_anchor", "redirect", "metrics", "viz_host", "inject", "secrets", "apps"),
)


@contextmanager
def new(folder: Path, *arguments: str, columns: int = 80) -> Iterator[Terminal]:
    config = folder / "gitconfig"
    config.write_text("[user]\n  name = Ada\n  email = ada@example.org\n", encoding="utf-8")
    environment = {
        **{name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS", "LINES")},
        "GIT_CONFIG_GLOBAL": str(config),
    }
    command = [sys.executable, "-m", "meshwright", "new", *arguments]
    with Terminal(command, folder=folder, environment=environment, columns=columns) as terminal:
        yield terminal


def stored(folder: Path) -> dict[str, str]:
    text = (folder / ".copier-answers.yml").read_text(encoding="utf-8")
    return dict(line.split(": ", 1) for line in text.splitlines() if not line.startswith("#"))


def unwrapped(paper: str) -> str:
    """The paper as one line, to find sentences that are wrapped."""
    return re.sub(r"\s+", " ", paper)


@pytest.mark.parametrize("columns", [80, 120])
def test_wrong_answers_are_explained_and_any_answer_can_be_changed(columns: int, tmp_path: Path) -> None:
    with new(tmp_path, "pi", columns=columns) as person:
        person.answer("cluster_name:", "Pi lan", ENTER)
        person.answer("use 1 to 63 of a-z, 0-9 and -", CLEAR, "pi", ENTER)
        paper = person.answer("engine: (", DOWN, ENTER)
        assert "cluster_name: pi\n" in paper
        paper = person.answer("git_url:", "git@github.com:example/pi.git", ENTER)
        # The default follows the answer before, and is not in the way of another.
        assert "https://github.com/example/pi-cluster.git" in paper
        paper = person.answer("ssh://git@host/path", CLEAR, "ssh://git@github.com/example/pi.git", ENTER)
        assert "ssh://git@host/path" in unwrapped(paper)
        person.answer("distribution: (", DOWN, ENTER)
        person.answer("nodes:", "three", ENTER)
        person.answer("write a number from 1 to 5000", CLEAR, "4", ENTER)
        paper = person.answer("ingress: (", ENTER)
        assert "only k3s packages a Traefik, and distribution is 'other'" in unwrapped(paper)
        assert "» A separate release in namespace traefik" in paper
        person.answer("gateway_api: (", ENTER)
        person.answer("cert_manager: (", ENTER)
        person.answer("trust_anchor:", ENTER)
        person.answer("redirect: (", ENTER)
        person.answer("metrics: (", DOWN, ENTER)
        person.answer("existing_prometheus:", TAB, CLEAR, "{namespace: observe}", ENTER)
        person.answer("add release, url", CLEAR, ENTER)
        person.answer("viz_host:", "https://linkerd.pi.lan/", ENTER)
        person.answer("write the host without https://", CLEAR, "linkerd.pi.lan", ENTER)
        paper = person.answer("secrets: (", ENTER)
        assert "Argo CD does not decrypt SOPS files" in unwrapped(paper)
        # Only a new kube-prometheus-stack can be meshed.
        assert "inject" not in paper
        person.answer("apps: (", " ", ENTER)
        paper = person.answer("Change any?", DOWN, ENTER)
        assert re.search(r"^  distribution +other$", paper, re.MULTILINE)
        assert re.search(r"^  ingress +own$", paper, re.MULTILINE)
        person.answer("Which one?", DOWN, DOWN, DOWN, ENTER)
        # On the answer of before, not on the default.
        paper = person.answer("distribution: (", "k", ENTER)
        assert "» Other" in paper
        paper = person.answer("Change any?", ENTER)
        # Defaults that were taken follow; what was answered stays.
        summary = paper[paper.rindex("Your answers:") :]
        assert re.search(r"^  ingress +k3s$", summary, re.MULTILINE)
        assert re.search(r"^  gateway_api +k3s$", summary, re.MULTILINE)
        assert re.search(r"^  nodes +4$", summary, re.MULTILINE)
        assert not (tmp_path / "pi").exists()
        person.answer("Run git init and make a first commit?", "y")
        assert person.end() == 0
        paper = person.paper

    assert "0 findings" in paper
    assert "Next:\n  1. cd pi && git remote add origin ssh://git@github.com/example/pi.git" in paper
    assert all(len(line) <= columns for line in paper.splitlines())
    found = stored(tmp_path / "pi")
    assert found["engine"] == '"argocd"'
    assert (found["nodes"], found["apps"], found["distribution"]) == ("4", '["longhorn"]', '"k3s"')
    assert found["viz_host"] == '"linkerd.pi.lan"'
    assert '"kube-prometheus-stack"' in found["existing_prometheus"]
    assert git(tmp_path / "pi", "log", "--format=%an %s") == "Ada Create the repository with meshwright new"


def test_enter_all_the_way_takes_every_default(tmp_path: Path) -> None:
    with new(tmp_path, "home", "--no-check") as person:
        for name in NO_ANSWERS_YET:
            person.answer(f"{name}:", ENTER)
        person.answer("Change any?", ENTER)
        person.answer("first commit?", "n")
        assert person.end() == 0
        paper = person.paper

    found = stored(tmp_path / "home")
    assert (found["cluster_name"], found["nodes"], found["viz_host"]) == ('"home"', "1", '""')
    assert found["git_url"] == '"https://github.com/example/home-cluster.git"'
    assert "1. cd home && git init && git add --all && git commit && git remote add origin" in unwrapped(
        paper
    )
    assert not (tmp_path / "home/.git").exists()


def test_only_what_is_open_is_asked(tmp_path: Path) -> None:
    given = [f"-d{name}={value}" for name, value in (("engine", "flux"), ("metrics", "none"), ("apps", "[]"))]
    rest = [name for name in NO_ANSWERS_YET if name not in ("engine", "metrics", "inject", "apps")]

    with new(tmp_path, "home", "--no-check", "--no-git", *given) as person:
        for name in rest:
            paper = person.answer(f"{name}:", ENTER)
        assert "engine: (" not in paper
        assert re.search(r"^  metrics +none$", person.answer("Change any?", ENTER), re.MULTILINE)
        assert person.end() == 0

    assert stored(tmp_path / "home")["metrics"] == '"none"'


@pytest.mark.parametrize(("key", "status"), [(CONTROL_C, 130), (CONTROL_D, 2)])
def test_a_stop_leaves_nothing(key: str, status: int, tmp_path: Path) -> None:
    with new(tmp_path, "a/home") as person:
        person.answer("cluster_name:", ENTER)
        person.answer("engine: (", ENTER)
        person.answer("git_url:", key)
        assert person.end() == status
        assert "meshwright: stopped; nothing is written" in person.paper

    assert [path.name for path in tmp_path.iterdir()] == ["gitconfig"]


def test_a_folder_that_will_not_do_is_refused_before_any_question(tmp_path: Path) -> None:
    with new(tmp_path, ".") as person:
        assert person.end() == 2
        assert "name a new or an empty folder" in person.paper
        assert "cluster_name" not in person.paper
