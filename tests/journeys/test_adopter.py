"""The first hour of somebody with a Flux repository of their own: checked, then moved to a generated one."""

from __future__ import annotations

import shutil

import pytest
import yaml

from journeys.places import APPS, HERE, NEWER, mistakes
from support.upgrades import adopt, release
from support.user import User

pytestmark = pytest.mark.long

OWN = yaml.safe_load((HERE / "own-flux.yaml").read_text(encoding="utf-8"))


def test_the_first_hour(user: User) -> None:
    (user.folder / "own").mkdir()
    own = user.into("own")
    own.edit(*OWN, *(step for steps in APPS.values() for step in steps))
    adopt(own.folder)

    first = own.meshwright("check", status=1)
    assert "installs chart linkerd-control-plane with version range '2026.8.x'" in first
    assert "reads ConfigMap linkerd/linkerd-identity-trust-roots, which nothing creates" in first
    assert "3 of 3 roots judged, 13 objects\n" in first
    assert "\n3 errors, 3 warnings; not seen: 1\n" in first
    own.edit({"replace": {"file": "infra/linkerd.yaml", "old": "2026.8.x", "new": "2026.8.3"}})
    changed = own.meshwright("diff")
    assert (
        "HelmRelease linkerd/linkerd-control-plane: chart linkerd-control-plane 2026.8.x -> 2026.8.3"
        in changed
    )
    assert ".meshwright-baseline.json: 5 findings recorded" in own.meshwright("check --write-baseline")
    own.commit()
    assert "0 findings" in own.meshwright("check")

    own.tries(mistakes("adopter", "prod"))

    answers = "-d cluster_name=prod -d git_url=https://github.com/ada/prod.git"
    assert "0 findings" in user.meshwright(f"new prod --defaults --git {answers}")
    prod = user.into("prod")
    for app in APPS:
        shutil.copytree(own.folder / "apps" / app, prod.folder / "apps" / app)
        prod.meshwright(f"app add {app} --yes")
    assert "2 applications: 2 written" in prod.meshwright("generate")
    assert "0 findings" in prod.meshwright("check")
    prod.commit()

    # The new version and another name for the cluster, in one step.
    release(user.template, NEWER, "v0.2.0")
    moved = prod.meshwright("update --to v0.2.0 --answers cluster_name=home")
    assert "v0.1.0 -> v0.2.0" in moved
    assert "after the push, Flux reports that clusters/prod does not exist, and deletes nothing" in moved
    assert "`kubectl apply -f clusters/home/flux-system/gotk-sync.yaml`" in moved
    assert not (prod.folder / "clusters/prod").exists()
    prod.commit()
    assert "0 findings" in prod.meshwright("check")
