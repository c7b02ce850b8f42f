"""The example of linked clusters on Flux: Linkerd's own controller mirrors Services of another API server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import linked
from engine.controlplane import ControlPlane
from engine.deadlines import LONG
from engine.engine import Engine
from engine.expectations import expect_ready
from engine.flux_synced import Running
from engine.processes import wait_until

EXPORTED = "mirror.linkerd.io/exported"


class West(Running):
    """Cluster west of the example, being synced by Flux."""

    CLUSTER = linked.CLUSTER


@pytest.fixture(scope="module")
def nodes() -> int:
    return linked.NODES


@pytest.fixture(scope="module")
def west(engine: Engine, archives: Path | None) -> Iterator[West]:
    example = linked.start(West, engine, archives)
    gateway = linked.answer_probes()
    yield example
    gateway.shutdown()
    gateway.server_close()


@pytest.fixture(scope="module")
def east(west: West, archives: Path | None) -> ControlPlane:
    return linked.boot_peer(west, archives)


def test_every_layer_becomes_ready_without_the_other_cluster(west: West) -> None:
    expect_ready(west)
    assert linked.mirrors(west.engine) == {}


def test_exported_services_are_mirrored_once_the_credentials_are_there(
    west: West, east: ControlPlane
) -> None:
    exported = {one["metadata"]["name"] for one in east.api.list("v1", "Service", "demo", {EXPORTED: "true"})}
    assert len(exported) >= 3
    linked.create_credentials(east, west.engine)
    expected = {f"{name}-{linked.PEER}" for name in exported}
    wait_until("the mirrors", lambda: linked.mirrors(west.engine).keys() == expected, LONG)


def test_a_mirror_leads_to_the_gateway_of_the_other_cluster(west: West) -> None:
    wait_until("its address", lambda: linked.addresses(west.engine, "web-east") != set(), LONG)
    assert linked.addresses(west.engine, "web-east") == {(linked.GATEWAY, 4143)}


def test_a_mirror_has_nothing_of_the_engine_that_applied_the_service(west: West, east: ControlPlane) -> None:
    original = east.api.get("v1", "Service", "web", "demo")
    assert original is not None
    assert "kustomize.toolkit.fluxcd.io/name" in original["metadata"]["labels"]
    assert (
        "kustomize.toolkit.fluxcd.io/name"
        not in linked.mirrors(west.engine)["web-east"]["metadata"]["labels"]
    )


def test_the_link_says_what_is_mirrored(west: West) -> None:
    def said() -> set[str]:
        link = west.engine.api.get("multicluster.linkerd.io/v1alpha3", "Link", "east", linked.NAMESPACE) or {}
        return {
            one["remoteRef"]["name"]
            for one in link.get("status", {}).get("mirrorServices", [])
            if {"Mirrored"} == {row["type"] for row in one["conditions"] if row["status"] == "True"}
        }

    wait_until("web in the status", lambda: "web" in said(), LONG)


def test_the_engine_leaves_mirrors_alone(west: West) -> None:
    mark = west.engine.audit().end
    west.gitops.pull()
    west.wait(LONG)
    assert [str(one) for one in west.engine.audit().since(mark).writes if one.engine] == []
    assert "web-east" in linked.mirrors(west.engine)


def test_a_service_that_is_no_longer_exported_has_no_mirror(west: West, east: ControlPlane) -> None:
    web = east.api.get("v1", "Service", "web", "demo")
    assert web is not None
    east.api.merge({"apiVersion": "v1", "kind": "Service", **web}, {"metadata": {"labels": {EXPORTED: None}}})
    wait_until("its removal", lambda: "web-east" not in linked.mirrors(west.engine), LONG)
    assert "menu-east" in linked.mirrors(west.engine)
