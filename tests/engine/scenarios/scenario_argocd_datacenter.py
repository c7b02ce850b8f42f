"""The opposite example on Argo CD: three of everything, Linkerd's CNI, a platform team's cert-manager."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import datacenter
from engine.argocd_synced import Running, expect_gated
from engine.engine import Engine
from engine.expectations import expect_dashboard_closed, expect_meshed, expect_order, expect_ready


@pytest.fixture(scope="module")
def nodes() -> int:
    return datacenter.NODES


@pytest.fixture(scope="module")
def example(engine: Engine, archives: Path | None) -> Running:
    return datacenter.start(Running, engine, archives)


def test_every_application_becomes_synced_and_healthy(example: Running) -> None:
    expect_ready(example)


def test_nothing_is_created_before_the_earlier_waves_are_healthy(example: Running) -> None:
    expect_order(example)


def test_exactly_the_pods_meant_to_be_meshed_have_the_proxy(example: Running) -> None:
    expect_meshed(example, {"linkerd", "linkerd-viz", "elastic", "velero", "traefik"}, datacenter.meant)


def test_the_dashboard_admits_traefik_alone(example: Running) -> None:
    expect_dashboard_closed(example, "traefik")


def test_nothing_of_a_gated_application_is_created_before_its_own_gate_is_through(example: Running) -> None:
    gated = expect_gated(example, example.engine.audit())
    assert gated == {"traefik", "linkerd-viz", "elastic", "fluent-bit", "velero"}


def test_no_meshed_pod_asks_for_net_admin_where_the_cni_plugin_redirects(example: Running) -> None:
    datacenter.expect_no_capability(example)
