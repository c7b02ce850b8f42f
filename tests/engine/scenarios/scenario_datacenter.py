"""The opposite example on Flux: three of everything, Linkerd's CNI, a platform team's cert-manager."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import datacenter
from engine.engine import Engine
from engine.expectations import expect_dashboard_closed, expect_meshed, expect_order, expect_ready
from engine.flux_synced import Running


@pytest.fixture(scope="module")
def nodes() -> int:
    return datacenter.NODES


@pytest.fixture(scope="module")
def example(engine: Engine, archives: Path | None) -> Running:
    return datacenter.start(Running, engine, archives)


def test_every_layer_becomes_ready(example: Running) -> None:
    expect_ready(example)


def test_nothing_is_created_before_what_its_layer_needs(example: Running) -> None:
    expect_order(example)


def test_exactly_the_pods_meant_to_be_meshed_have_the_proxy(example: Running) -> None:
    expect_meshed(example, {"linkerd", "linkerd-viz", "elastic", "velero", "traefik"}, datacenter.meant)


def test_the_dashboard_admits_traefik_alone(example: Running) -> None:
    expect_dashboard_closed(example, "traefik")


def test_no_meshed_pod_asks_for_net_admin_where_the_cni_plugin_redirects(example: Running) -> None:
    datacenter.expect_no_capability(example)
