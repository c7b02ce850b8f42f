"""Seeded deadlocks: what the checker calls stuck is stuck on real Flux, and what it lets pass comes up."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from engine import verdicts
from engine.api import conditions
from engine.deadlines import LONG
from engine.engine import Engine
from engine.flux import RELEASE
from engine.flux_synced import Running
from engine.processes import wait_until
from support.storedrepos import load_stored

SEEDED = load_stored(Path(__file__).resolve().parents[1] / "seeded" / "deadlocks.yaml")
SOUND = ("top", "left", "right", "bottom", "teams", "red")
# Longer than every retry interval there: what is stuck had its chances.
PATIENCE = 25.0


@pytest.fixture(scope="module")
def seeded(engine: Engine, archives: Path | None, tmp_path_factory: pytest.TempPathFactory) -> Running:
    """The repository with all of the faults, synced until nothing moves any more."""
    source = SEEDED.write(tmp_path_factory.mktemp("seeded") / SEEDED.name)
    running = Running.start(engine, source, archives)
    sound = set(SOUND)
    wait_until(
        "what is sound comes up", lambda: sound <= running.applied() - set(running.gitops.unready()), LONG
    )
    wait_until("pods of the control plane", lambda: running.engine.api.list("v1", "Pod", "linkerd"), LONG)
    time.sleep(PATIENCE)
    return running


def test_the_checker_names_exactly_the_seeded_faults(tmp_path: Path) -> None:
    assert verdicts.order(SEEDED.write(tmp_path)) == {
        "MW001": {"clusters/seeded/circle.yaml"},
        "MW002": {"certs/issuer.yaml"},
        "MW003": {"apps/shop.yaml", "clusters/seeded/trust.yaml"},
        "MW009": {"clusters/seeded/asleep.yaml"},
    }


def test_what_the_checker_lets_pass_comes_up(seeded: Running) -> None:
    assert set(SOUND) <= seeded.applied() - set(seeded.gitops.unready())


def test_a_circle_of_dependencies_never_starts(seeded: Running) -> None:
    for name in ("a", "b", "c"):
        assert name not in seeded.applied()
        assert "is not ready" in seeded.gitops.unready()[name]
        assert seeded.engine.api.get("v1", "ConfigMap", name, "default") is None


def test_what_waits_for_a_suspended_one_never_starts(seeded: Running) -> None:
    assert not {"asleep", "waiting"} & seeded.applied()
    assert "is not ready" in seeded.gitops.unready()["waiting"]
    assert seeded.engine.api.get("v1", "ConfigMap", "waiting", "default") is None


def test_an_object_beside_the_release_that_makes_its_kind_keeps_both_off_the_cluster(seeded: Running) -> None:
    assert "no matches for kind" in seeded.gitops.unready()["certs"]
    assert seeded.engine.api.get(*RELEASE, "cert-manager", "cert-manager") is None


def test_a_parent_that_waits_for_a_child_that_depends_on_it_never_becomes_ready(seeded: Running) -> None:
    assert {"apps", "shop"} <= set(seeded.gitops.unready())
    assert "apps" in seeded.gitops.unready()["shop"]
    assert seeded.engine.api.get("v1", "ConfigMap", "shop", "default") is None


def test_a_secret_that_comes_after_the_pods_that_mount_it_never_comes(seeded: Running) -> None:
    release = seeded.engine.api.get(*RELEASE, "linkerd-control-plane", "linkerd") or {}
    assert conditions(release)["Ready"]["status"] != "True"
    assert {pod["status"]["phase"] for pod in seeded.engine.api.list("v1", "Pod", "linkerd")} == {"Pending"}
    assert {"linkerd", "trust"} <= set(seeded.gitops.unready())
    assert "trust" not in seeded.applied()
