"""The first hour of somebody with k3s at home: Flux, every question at a terminal, an update."""

from __future__ import annotations

import pytest

from journeys.places import APPS, CHANGE, NEWER, mistakes, values
from support.terminal import ENTER
from support.upgrades import release
from support.user import User

pytestmark = pytest.mark.long

VALUES = values("pi")
DEFAULTS = (
    *("engine", "distribution", "nodes", "ingress", "gateway_api", "cert_manager", "trust_anchor"),
    *("redirect", "metrics", "viz_host", "inject", "secrets", "apps"),
)


def test_the_first_hour(user: User) -> None:
    with user.at_terminal("new", "pi") as terminal:
        terminal.answer("cluster_name:", "pi", ENTER)
        for question in DEFAULTS[:1]:
            terminal.answer(f"{question}:", ENTER)
        terminal.answer("git_url:", "https://github.com/ada/pi.git", ENTER)
        for question in DEFAULTS[1:]:
            terminal.answer(f"{question}:", ENTER)
        assert "https://github.com/ada/pi.git" in terminal.answer("Change any?", ENTER)
        terminal.answer("Run git init and make a first commit?", "y")
        assert terminal.end() == 0
        paper = terminal.paper
    assert "0 findings" in paper
    assert "1. cd pi && git remote add origin https://github.com/ada/pi.git" in paper

    home = user.into("pi")
    for steps in APPS.values():
        home.edit(*steps)
    forgotten = home.meshwright("check", status=1)
    assert "apps/shop: error: nothing applies apps/shop/namespace.yaml and 1 more" in forgotten
    assert "fix: run `meshwright app add shop`, or remove the folder" in forgotten
    with home.at_terminal("app", "add", "shop") as terminal:
        assert "Deployment  web   no" in terminal.answer("Answer y or n:", "y", ENTER)
        assert terminal.end() == 0
        assert "next: meshwright generate" in terminal.paper
    assert "next: meshwright generate" in home.meshwright("app add mail --yes")
    assert "2 applications: 2 written" in home.meshwright("generate")
    assert "0 findings" in home.meshwright("check")
    changed = home.meshwright("diff")
    assert "+ StatefulSet mail/store: starts pods" in changed
    assert "8 objects added in 3 roots" in changed
    home.edit({"append": {"file": VALUES, "text": "controllerLogLevel: debug\n"}})
    home.commit()

    home.tries(mistakes("home-lab", "pi"))

    release(user.template, NEWER, "v0.2.0")
    previewed = home.meshwright("update --preview")
    assert "v0.1.0 -> v0.2.0" in previewed
    assert "release notes of 0.2.0:\n  - The proxies request more CPU." in previewed
    assert f"layer linkerd-control-plane\n  M {VALUES}" in previewed
    assert "nothing is written" in previewed
    assert "git commit" in home.meshwright("update")
    text = (home.folder / VALUES).read_text(encoding="utf-8")
    assert (CHANGE[1] in text, text.endswith("controllerLogLevel: debug\n")) == (True, True)
    home.commit()
    assert "0 findings" in home.meshwright("check")
