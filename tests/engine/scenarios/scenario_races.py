"""Seeded races: pods that come too early, says the checker, have no proxy on a real cluster; others do."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
import yaml

from engine import verdicts
from engine.api import Object, conditions
from engine.deadlines import LONG
from engine.engine import Engine
from engine.flux import RELEASE
from engine.pki import Authority
from engine.processes import wait_until
from engine.synced import Running

SEEDED = Path(__file__).resolve().parents[1] / "seeded" / "races"
CRDS = "https://helm.linkerd.io/edge/linkerd-crds-2026.8.3.tgz"


@pytest.fixture(scope="module")
def seeded(engine: Engine, archives: Path | None) -> Running:
    """The repository with all of the faults; Linkerd's CRDs are slower than what needs them."""
    engine.content.withheld.add(CRDS)
    engine.api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "linkerd"}})
    engine.api.apply(_certificates())
    running = Running.start(engine, SEEDED, archives)
    wait_until(
        "a release fails",
        lambda: _release(running, "linkerd-multicluster")["reason"] == "InstallFailed",
        LONG,
    )
    wait_until("another fails", lambda: _release(running, "linkerd-viz")["reason"] == "InstallFailed", LONG)
    engine.content.withheld.clear()
    for one in engine.api.list("source.toolkit.fluxcd.io/v1", "HelmChart", "mesh"):
        running.flux.touch(one)
    wait_until("the CRDs", lambda: _release(running, "linkerd-crds")["status"] == "True", LONG)
    running.flux.wait(LONG, 7)
    wait_until("viz is tried again", lambda: _release(running, "linkerd-viz")["status"] == "True", LONG)
    return running


def test_the_checker_names_exactly_the_seeded_faults() -> None:
    assert verdicts.order(SEEDED) == {
        # Viz' pods, too, come before the injector when nothing makes them wait.
        "MW004": {"shop/web.yaml", "extensions/releases.yaml"},
        "MW005": {"ingress/proxy.yaml"},
        "MW006": {"extensions/releases.yaml"},
        "MW007": {"linkerd/release.yaml"},
    }


def test_pods_that_wait_for_nothing_may_be_too_early(seeded: Running) -> None:
    assert _meshed(seeded, "shop") == [False]


def test_pods_that_the_control_plane_waits_for_are_always_too_early(seeded: Running) -> None:
    assert _meshed(seeded, "ingress") == [False]


def test_pods_that_wait_are_meshed(seeded: Running) -> None:
    assert _meshed(seeded, "bakery") == [True]


def test_a_release_that_is_tried_once_stays_failed_and_one_that_is_tried_again_does_not(
    seeded: Running,
) -> None:
    # It is looked at again when its chart is fetched anew, and is Unknown for that moment.
    wait_until(
        "it is decided",
        lambda: _release(seeded, "linkerd-multicluster")["status"] != "Unknown",
        LONG,
    )
    found = _release(seeded, "linkerd-multicluster")
    assert found["status"] == "False", found
    assert _release(seeded, "linkerd-viz")["status"] == "True"


def test_the_control_plane_starts_before_the_kinds_of_gateway_api(seeded: Running) -> None:
    audit = seeded.engine.audit()
    control_plane = [pod.time for pod, _ in audit.pods() if pod.namespace == "linkerd"]
    crd = [
        one.time
        for one in audit.created("customresourcedefinitions")
        if one.name.startswith("httproutes.gateway.")
    ]
    assert max(control_plane) < min(crd)


def _meshed(seeded: Running, namespace: str) -> list[bool]:
    return [meshed for pod, meshed in seeded.engine.audit().pods() if pod.namespace == namespace]


def _release(seeded: Running, name: str) -> Object:
    found = seeded.engine.api.get(*RELEASE, name, "mesh") or {}
    return {"status": "Unknown", "reason": "", **conditions(found).get("Ready", {})}


def _certificates() -> Object:
    """Trust anchor and issuer of the control plane, made for this run, as a Secret of chart values."""
    anchor, issuer = (
        Authority.make("root.linkerd.cluster.local"),
        Authority.make("identity.linkerd.cluster.local"),
    )
    values = {
        "identityTrustAnchorsPEM": anchor.certificate.decode(),
        "identity": {
            "issuer": {"tls": {"crtPEM": issuer.certificate.decode(), "keyPEM": issuer.pair().key.decode()}}
        },
    }
    text = base64.b64encode(yaml.safe_dump(values).encode()).decode()
    meta = {"name": "linkerd-certificates", "namespace": "linkerd"}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "data": {"values.yaml": text}}
