"""The first hour of a platform engineer: Argo CD, no terminal, a conflict in an update, a new name."""

from __future__ import annotations

import pytest

from journeys.places import APPS, CHANGE, NEWER, mistakes, values
from support.upgrades import git, release
from support.user import User

pytestmark = pytest.mark.long

VALUES = values("dev")
ANSWERS = "cluster_name: dev\nengine: argocd\ngit_url: https://git.example.org/platform/dev.git\nnodes: 3\n"


def test_the_first_hour(user: User) -> None:
    (user.folder / "answers.yml").write_text(ANSWERS, encoding="utf-8")
    alone = user.meshwright("new dev --data-file answers.yml --git", status=2)
    assert "--defaults" in alone
    made = user.meshwright("new dev --data-file answers.yml --defaults --git")
    assert "0 findings" in made
    assert "1. cd dev && git remote add origin https://git.example.org/platform/dev.git" in made

    dev = user.into("dev")
    for app, steps in APPS.items():
        dev.edit(*steps)
        assert f"wrote apps/{app}/mesh.yaml\nnext: meshwright generate" in dev.meshwright(
            f"app add {app} --yes"
        )
    unmade = dev.meshwright("check", status=1)
    assert "application 'mail' was never generated, so nothing applies it" in unmade
    assert "2 applications: 2 written" in dev.meshwright("generate")
    assert "0 findings" in dev.meshwright("check")
    changed = dev.meshwright("diff")
    assert "Application argocd/shop" in changed
    assert "+ Deployment shop/web: starts pods" in changed
    dev.edit({"replace": {"file": VALUES, "old": CHANGE[0], "new": CHANGE[0].replace("10m", "50m")}})
    dev.commit()

    dev.tries(mistakes("platform-engineer", "dev"))

    release(user.template, NEWER, "v0.2.0")
    refused = dev.meshwright("update", status=3)
    assert f"conflicts:\n  {VALUES}: you and v0.2.0 changed the same lines" in refused
    assert "1 conflict; nothing is written" in refused
    assert not git(dev.folder, "status", "--porcelain")
    assert "Resolve the conflicts" in dev.meshwright("update --write-conflicts", status=3)
    for command, status in (("check", 1), ("diff", 2), ("update", 2)):
        told = dev.meshwright(command, status=status)
        assert f"{VALUES}:" in told
        assert "unresolved merge conflict between 'yours' (line" in told
        assert "and 'template-v0.2.0' (line" in told
        assert "keep one side or combine both, delete the marker lines, and run git add" in told
    git(dev.folder, "checkout", "--ours", "--", VALUES)
    dev.commit()
    assert "0 findings" in dev.meshwright("check")
    assert "nothing to change" in dev.meshwright("update")

    renamed = dev.meshwright("update --preview --answers cluster_name=staging")
    assert "after the push, Argo CD reports that clusters/dev does not exist, and deletes nothing" in renamed
    assert "`kubectl apply -n argocd -f clusters/staging/argocd/root.yaml`" in renamed
