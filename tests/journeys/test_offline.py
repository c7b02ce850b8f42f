"""Somebody on a train: the wheel and its tools are there, and no other machine can be reached."""

from __future__ import annotations

import pytest

from journeys.places import APPS
from support.user import User

pytestmark = pytest.mark.long


def test_a_second_cluster(user: User) -> None:
    user.template.rename(user.template.with_name("away"))
    user.meshwright("new fleet --defaults --git -d cluster_name=staging")
    fleet = user.into("fleet")
    fleet.edit(*APPS["shop"])
    fleet.meshwright("app add shop --yes")
    fleet.meshwright("generate")
    fleet.commit()

    added = fleet.meshwright("cluster add production --answers nodes=3")

    assert "answer nodes: 1 -> 3" in added
    assert "A clusters/production/apps/shop.yaml" in added
    assert 'next: commit and push, then follow "Bootstrap" in clusters/production/README.md' in added
    fleet.commit()
    assert "0 findings" in fleet.meshwright("check")
    listed = fleet.meshwright("cluster list")
    assert "production  v0.1.0" in listed
    assert "staging     v0.1.0" in listed
    told = fleet.meshwright("update", status=2)
    assert "the newest version is unknown" in told
    assert "or a clone of the template with --template" in told
