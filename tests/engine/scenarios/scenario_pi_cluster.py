"""The pi-cluster example on Flux: it comes up in order, meshed as meant, stays so, and upgrades in order."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import picluster
from engine.deadlines import LONG
from engine.engine import Engine
from engine.expectations import expect_dashboard_closed, expect_meshed, expect_order, expect_ready
from engine.flux import INDEX, KUSTOMIZATION, RELEASE
from engine.flux_synced import Running
from engine.processes import wait_until
from engine.rotation import expect_rotated


@pytest.fixture(scope="module")
def example(engine: Engine, archives: Path | None) -> Running:
    return picluster.start(Running, engine, archives)


def test_every_layer_becomes_ready(example: Running) -> None:
    expect_ready(example)


def test_nothing_is_created_before_what_its_layer_needs(example: Running) -> None:
    expect_order(example)


def test_exactly_the_pods_meant_to_be_meshed_have_the_proxy(example: Running) -> None:
    expect_meshed(example, {"linkerd", "linkerd-viz", "monitoring", "demo"}, picluster.meant)


def test_the_dashboard_admits_traefik_alone(example: Running) -> None:
    expect_dashboard_closed(example, "kube-system")


def test_the_gate_let_nobody_through_before_a_pod_of_its_own_had_the_proxy(example: Running) -> None:
    audit = example.engine.audit()
    gate = [meshed for pod, meshed in audit.pods() if pod.namespace == "linkerd-gate"]
    assert gate[-1] is True
    # Those before it came while the injector did not answer: they failed, and each next one asked again.
    assert not any(gate[:-1])


def test_traefik_in_kube_system_is_meshed_through_the_narrow_webhook_and_nothing_else_there(
    example: Running,
) -> None:
    picluster.expect_traefik(example)


def test_a_second_reconciliation_changes_nothing(example: Running) -> None:
    mark = example.engine.audit().end
    asked = [*example.engine.api.list(*KUSTOMIZATION), *example.engine.api.list(*RELEASE)]
    for one in asked:
        example.gitops.touch(one)

    def handled() -> bool:
        now = [*example.engine.api.list(*KUSTOMIZATION), *example.engine.api.list(*RELEASE)]
        return all(
            one["status"].get("lastHandledReconcileAt")
            == one["metadata"]["annotations"].get("reconcile.fluxcd.io/requestedAt")
            for one in now
        )

    wait_until("all reconciled again", handled, LONG, pause=0.5)
    example.gitops.wait(LONG, example.layers)
    written = [str(one) for one in example.engine.audit().since(mark).writes if one.engine]
    assert written == []


def test_an_upgrade_of_linkerd_goes_through_the_layers_in_order(
    example: Running, archives: Path | None
) -> None:
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
    # The ten minutes until Flux fetches the chart's index by itself are not waited for.
    for one in example.engine.api.list(*INDEX):
        example.gitops.touch(one)
    seconds = example.gitops.wait(LONG, example.layers, revision)
    print(f"upgraded after {seconds:.0f} s")
    audit = example.engine.audit()
    later = audit.since(mark)
    changed = {one.layer for one in later.writes if one.engine and one.layer}
    assert {"linkerd-crds", "linkerd-control-plane", "linkerd-gate", "linkerd-viz"} <= changed
    assert later.out_of_order(example.needs(), revision) == []
    pods = later.pods()
    assert [meshed for pod, meshed in pods if pod.namespace == "linkerd-gate"][-1] is True
    assert [str(pod) for pod, meshed in pods if meshed != picluster.meant(pod)] == []


def test_the_trust_anchor_is_replaced_in_four_commits_and_no_chain_is_cut(example: Running) -> None:
    expect_rotated(example)
