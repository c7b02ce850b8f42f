"""The pi-cluster example on Argo CD while things go wrong on its way up: it converges, in order.

In turn: the archive of Linkerd's CRDs cannot be fetched; cert-manager's controller is away and a Secret is
missing; the first sync of the control plane is refused; the injector is down when the gate asks.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import mishaps, picluster
from engine.argocd import APPLICATION, NAMESPACE
from engine.argocd_synced import Running, expect_gated
from engine.engine import Engine


@pytest.fixture(scope="module")
def example(engine: Engine, archives: Path | None) -> Running:
    return picluster.start(Running, engine, archives, mishaps.prepare)


def test_slow_crds_hold_the_waves_behind_them(example: Running) -> None:
    # They are of one wave with cert-manager: all that is behind comes at once.
    mishaps.with_slow_crds(example, "cert-manager", next_down=(mishaps.ISSUING,))


def test_a_missing_secret_holds_what_mounts_it(example: Running) -> None:
    mishaps.without_a_secret(example)


def test_a_first_sync_that_failed_is_tried_again(example: Running) -> None:
    def refused() -> bool:
        application = example.engine.api.get(*APPLICATION, "linkerd-control-plane", NAMESPACE) or {}
        state = application.get("status", {}).get("operationState", {})
        results = state.get("syncResult", {}).get("resources", [])
        return any(one.get("status") == "SyncFailed" and "not now" in one["message"] for one in results)

    mishaps.after_a_refusal(example, refused)


def test_while_the_injector_is_down_the_gate_holds_everything_meshed(example: Running) -> None:
    mishaps.without_the_injector(example)


def test_it_converges_without_a_hand_and_in_order(example: Running) -> None:
    mishaps.converged(example)
    assert expect_gated(example, example.engine.audit()) >= {"kube-prometheus-stack", "linkerd-viz", "demo"}
