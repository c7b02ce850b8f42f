"""The pi-cluster example on Argo CD: it comes up in order, meshed, stays so, and upgrades by its gates."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import picluster
from engine.argocd_synced import Running, expect_gated
from engine.deadlines import LONG
from engine.engine import Engine
from engine.expectations import expect_dashboard_closed, expect_meshed, expect_order, expect_ready
from engine.processes import wait_until
from engine.rotation import expect_rotated

GATED = {"kube-prometheus-stack", "traefik", "linkerd-viz", "demo"}


@pytest.fixture(scope="module")
def example(engine: Engine, archives: Path | None) -> Running:
    return picluster.start(Running, engine, archives)


def test_every_application_becomes_synced_and_healthy(example: Running) -> None:
    expect_ready(example)


def test_nothing_is_created_before_the_earlier_waves_are_healthy(example: Running) -> None:
    expect_order(example)


def test_exactly_the_pods_meant_to_be_meshed_have_the_proxy(example: Running) -> None:
    expect_meshed(example, {"linkerd", "linkerd-viz", "monitoring", "demo"}, picluster.meant)


def test_the_dashboard_admits_traefik_alone(example: Running) -> None:
    expect_dashboard_closed(example, "kube-system")


def test_traefik_in_kube_system_is_meshed_through_the_narrow_webhook_and_nothing_else_there(
    example: Running,
) -> None:
    picluster.expect_traefik(example)


def test_nothing_of_a_gated_application_is_created_before_its_own_gate_is_through(example: Running) -> None:
    assert expect_gated(example, example.engine.audit()) == GATED


def test_a_second_look_at_git_and_cluster_changes_nothing(example: Running) -> None:
    mark = example.engine.audit().end
    example.gitops.pull("hard")
    wait_until("all compared again", example.gitops.refreshed, LONG, pause=0.5)
    example.wait(LONG)
    written = [str(one) for one in example.engine.audit().since(mark).writes if one.engine]
    assert written == []


def test_an_upgrade_of_linkerd_passes_every_gate_anew(example: Running, archives: Path | None) -> None:
    mark = example.engine.audit().end
    work = example.repository.work
    # What Renovate changes: charts, and the image of the gates beside them.
    pinned = [path for path in (work / "platform").rglob("*.yaml") if "26.8.3" in path.read_text()]
    for path in pinned:
        path.write_text(path.read_text().replace("26.8.3", "26.8.4"))
    assert len(pinned) >= 4
    example.engine.add_charts(example.repository, archives)
    revision = example.repository.commit("Upgrade Linkerd")
    example.gitops.pull()
    seconds = example.wait(LONG, revision)
    print(f"upgraded after {seconds:.0f} s")
    later = example.engine.audit().since(mark)
    changed = {one.layer for one in later.writes if one.engine and one.layer}
    assert {"linkerd-crds", "linkerd-control-plane", "linkerd-gate", "linkerd-viz"} <= changed
    # Of the gated ones the commit changes this one: what it leaves as it is, is not synced.
    assert expect_gated(example, later) == {"linkerd-viz"}
    assert [str(pod) for pod, meshed in later.pods() if meshed != picluster.meant(pod)] == []


def test_the_trust_anchor_is_replaced_in_four_commits_and_no_chain_is_cut(example: Running) -> None:
    expect_rotated(example, confirm=lambda: example.gitops.confirm("linkerd-trust"))
