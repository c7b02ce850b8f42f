"""Seeded races: pods that come too early, says the checker, have no proxy on a real cluster; others do."""

from __future__ import annotations

import base64
import time
from functools import partial
from pathlib import Path

import pytest
import yaml

from engine import verdicts
from engine.api import Object, conditions
from engine.deadlines import LONG
from engine.engine import Engine
from engine.flux import RELEASE
from engine.flux_synced import Running
from engine.pki import Authority
from engine.processes import wait_until
from support.storedrepos import load_stored

SEEDED = load_stored(Path(__file__).resolve().parents[1] / "seeded" / "races.yaml")
WEBHOOK = "cert-manager-webhook"
NAMESPACES = {"cert-manager": "cert-manager", "trust-manager": "cert-manager", "linkerd-viz": "linkerd-viz"}
# Longer than a release that is tried again waits for that.
PATIENCE = 15.0
CRDS = "https://helm.linkerd.io/edge/linkerd-crds-2026.8.3.tgz"


@pytest.fixture(scope="module")
def seeded(engine: Engine, archives: Path | None, tmp_path_factory: pytest.TempPathFactory) -> Running:
    """The repository with all of the faults; some CRDs and a webhook are slower than what needs them."""
    engine.content.withheld.add(CRDS)
    engine.programs.down.add(WEBHOOK)
    engine.api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "linkerd"}})
    engine.api.apply(_certificates())
    source = SEEDED.write(tmp_path_factory.mktemp("seeded") / SEEDED.name)
    running = Running.start(engine, source, archives)
    for name in ("linkerd-multicluster", "linkerd-viz"):
        wait_until(f"{name} fails", partial(_says, running, name, "no matches for kind"), LONG)
    wait_until("trust-manager fails", lambda: "calling webhook" in _told(running, "trust-manager"), LONG)
    engine.content.withheld.clear()
    engine.programs.down.clear()
    for one in engine.api.list("source.toolkit.fluxcd.io/v1", "HelmChart", "mesh"):
        running.gitops.touch(one)
    running.gitops.wait(LONG, 8)
    for name in ("linkerd-crds", "linkerd-viz", "cert-manager"):
        wait_until(f"{name} is Ready", partial(_is_ready, running, name), LONG)
    time.sleep(PATIENCE)
    return running


def test_the_checker_names_exactly_the_seeded_faults(tmp_path: Path) -> None:
    assert verdicts.order(SEEDED.write(tmp_path)) == {
        # Viz' pods, too, come before the injector when nothing makes them wait.
        "MW004": {"shop/web.yaml", "extensions/releases.yaml"},
        "MW005": {"ingress/proxy.yaml"},
        "MW006": {"certificates/releases.yaml"},
        "MW007": {"linkerd/release.yaml"},
    }


def test_pods_that_wait_for_nothing_may_be_too_early(seeded: Running) -> None:
    assert _meshed(seeded, "shop") == [False]


def test_pods_that_the_control_plane_waits_for_are_always_too_early(seeded: Running) -> None:
    assert _meshed(seeded, "ingress") == [False]


def test_pods_that_wait_are_meshed(seeded: Running) -> None:
    assert _meshed(seeded, "bakery") == [True]


def test_a_release_that_is_tried_once_and_met_a_webhook_that_did_not_answer_stays_failed(
    seeded: Running,
) -> None:
    found = conditions(_release(seeded, "trust-manager"))
    assert found["Ready"]["status"] == "False"
    assert found["Stalled"]["reason"] == "RetriesExceeded"


def test_releases_that_lack_a_kind_are_tried_again_whatever_they_say(seeded: Running) -> None:
    # Its pods may take longer; it is past what failed, and that was not counted.
    multicluster = _release(seeded, "linkerd-multicluster")
    assert seeded.engine.api.get("apps/v1", "Deployment", "linkerd-gateway", "mesh") is not None
    assert "Stalled" not in conditions(multicluster)
    assert _ready(seeded, "linkerd-viz")["status"] == "True"


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
    return seeded.engine.api.get(*RELEASE, name, NAMESPACES.get(name, "mesh")) or {}


def _ready(seeded: Running, name: str) -> Object:
    return conditions(_release(seeded, name)).get("Ready", {})


def _told(seeded: Running, name: str) -> str:
    return str(_ready(seeded, name).get("message", ""))


def _says(seeded: Running, name: str, text: str) -> bool:
    return text in _told(seeded, name)


def _is_ready(seeded: Running, name: str) -> bool:
    return bool(_ready(seeded, name).get("status") == "True")


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
