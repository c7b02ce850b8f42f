"""The opposite example on Flux: three of everything, Linkerd's CNI, a platform team's cert-manager."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import datacenter
from engine.engine import Engine
from engine.expectations import expect_meshed, expect_order, expect_ready
from engine.synced import Running

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "datacenter"


@pytest.fixture(scope="module")
def nodes() -> int:
    return datacenter.NODES


@pytest.fixture(scope="module")
def example(engine: Engine, archives: Path | None) -> Running:
    """What is there already, and the example, with https for ssh and its key."""
    datacenter.install(engine, archives)

    def over_https(work: Path) -> None:
        datacenter.over_https(work)
        sync = work / "clusters" / "datacenter" / "flux-system" / "gotk-sync.yaml"
        text = sync.read_text()
        assert "  secretRef:\n    name: flux-system\n" in text
        sync.write_text(text.replace("  secretRef:\n    name: flux-system\n", ""))

    gateway = {datacenter.GATEWAY: datacenter.gateway_repository(engine.folder)}
    return Running.start(engine, EXAMPLE, archives, over_https, gateway)


def test_every_layer_becomes_ready(example: Running) -> None:
    expect_ready(example)


def test_nothing_is_created_before_what_its_layer_needs(example: Running) -> None:
    expect_order(example)


def test_exactly_the_pods_meant_to_be_meshed_have_the_proxy(example: Running) -> None:
    expect_meshed(example, {"linkerd", "linkerd-viz", "elastic", "velero", "traefik"}, datacenter.meant)


def test_no_meshed_pod_asks_for_net_admin_where_the_cni_plugin_redirects(example: Running) -> None:
    datacenter.expect_no_capability(example)
