"""The pi-cluster example on Flux while things go wrong on its way up: it converges without a hand, in order.

In turn: cert-manager's controller is away and a Secret is missing; the archive of Linkerd's CRDs cannot be
fetched; the first install of the control plane is refused; the injector is down when the gate asks.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import mishaps, picluster
from engine.api import conditions
from engine.engine import Engine
from engine.flux import RELEASE
from engine.flux_synced import Running


@pytest.fixture(scope="module")
def example(engine: Engine, archives: Path | None) -> Running:
    return picluster.start(Running, engine, archives, mishaps.prepare)


def test_a_missing_secret_holds_what_mounts_it(example: Running) -> None:
    mishaps.without_a_secret(example)


def test_slow_crds_hold_the_control_plane(example: Running) -> None:
    mishaps.with_slow_crds(example, "linkerd-trust")


def test_a_first_install_that_failed_is_tried_again(example: Running) -> None:
    def refused() -> bool:
        release = example.engine.api.get(*RELEASE, "linkerd-control-plane", "linkerd") or {}
        return conditions(release).get("Ready", {}).get("reason") == "InstallFailed"

    mishaps.after_a_refusal(example, refused)


def test_while_the_injector_is_down_the_gate_holds_everything_meshed(example: Running) -> None:
    mishaps.without_the_injector(example)


def test_it_converges_without_a_hand_and_in_order(example: Running) -> None:
    mishaps.converged(example)
    audit = example.engine.audit()
    gate = audit.ready("linkerd-gate")[0]
    assert all(pod.time > gate for pod, _ in audit.pods() if pod.namespace in picluster.BEHIND_THE_GATE)
