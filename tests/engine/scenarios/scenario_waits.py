"""Seeded waits: what the checker calls stuck never becomes ready on real Flux, and the rest does."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from engine import verdicts
from engine.api import conditions
from engine.deadlines import LONG
from engine.engine import Engine
from engine.flux import KUSTOMIZATION
from engine.flux_synced import Running
from engine.processes import wait_until
from support.storedrepos import load_stored

SEEDED = load_stored(Path(__file__).resolve().parents[1] / "seeded" / "waits.yaml")
SOUND = frozenset(
    (
        "may-vary",
        "more-variables",
        "loose",
        "own-health",
        "after-own-health",
        "eager",
        "by-generation",
        "unread",
    )
)
# Each pair with the words of Flux about the first of the two, without their case.
CIRCLES = {
    ("fetches", "sources"): "not found",
    ("decrypts", "keys"): "age",
    ("elsewhere", "kubeconfigs"): "other-cluster",
    ("varies", "variables"): "needed",
}
# Longer than every timeout and retry interval there: what is stuck had its chances.
PATIENCE = 45.0


@pytest.fixture(scope="module")
def seeded(engine: Engine, archives: Path | None, tmp_path_factory: pytest.TempPathFactory) -> Running:
    """The repository with all of the waits, synced until nothing moves any more."""
    source = SEEDED.write(tmp_path_factory.mktemp("seeded") / SEEDED.name)
    running = Running.start(engine, source, archives)
    wait_until(
        "what is sound comes up", lambda: running.applied() - set(running.gitops.unready()) >= SOUND, LONG
    )
    time.sleep(PATIENCE)
    return running


def test_the_checker_names_exactly_the_seeded_faults(tmp_path: Path) -> None:
    assert verdicts.order(SEEDED.write(tmp_path)) == {
        "MW001": {"clusters/seeded/itself.yaml"},
        "MW003": {
            f"clusters/seeded/{name}.yaml" for name in ("decryption", "kubeconfig", "source", "variables")
        },
        "MW009": {"checks/checked.yaml", "holds/held.yaml"},
    }


def test_what_the_checker_lets_pass_comes_up(seeded: Running) -> None:
    assert seeded.applied() - set(seeded.gitops.unready()) >= SOUND


def test_one_that_depends_on_itself_never_starts(seeded: Running) -> None:
    assert "is not ready" in seeded.gitops.unready()["itself"]
    assert seeded.engine.api.get("v1", "ConfigMap", "itself", "default") is None


@pytest.mark.parametrize(("first", "later"), CIRCLES)
def test_what_a_dependent_brings_never_comes(seeded: Running, first: str, later: str) -> None:
    unready = seeded.gitops.unready()
    assert CIRCLES[first, later] in unready[first].lower()
    assert first in unready[later]
    assert seeded.engine.api.get("v1", "ConfigMap", first, "default") is None


@pytest.mark.parametrize(("parent", "child"), [("holds", "held"), ("checks", "checked")])
def test_a_suspended_child_holds_a_parent_that_checks_its_health(
    seeded: Running, parent: str, child: str
) -> None:
    objects = {one["metadata"]["name"]: one for one in seeded.engine.api.list(*KUSTOMIZATION)}
    assert conditions(objects[parent])["Ready"]["status"] != "True"
    assert seeded.engine.api.get("v1", "ConfigMap", child, "default") is None


def test_a_generation_is_not_observed_before_a_success(seeded: Running) -> None:
    assert "never-by-generation" in seeded.gitops.unready()
