"""Seeded waves that do not wait: what the checker says of them happens on real Argo CD."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import verdicts
from engine.api import Object
from engine.argocd import APPLICATION, NAMESPACE
from engine.argocd_synced import Running, Seeded
from engine.deadlines import LONG
from engine.engine import Engine
from engine.mishaps import CRDS
from engine.pki import Authority
from engine.processes import wait_until
from support.storedrepos import load_stored

SEEDED = load_stored(Path(__file__).resolve().parents[1] / "seeded" / "waves.yaml")


@pytest.fixture(scope="module")
def seeded(engine: Engine, archives: Path | None, tmp_path_factory: pytest.TempPathFactory) -> Running:
    """The repository with all of the faults; the chart of Linkerd's CRDs is slower than what needs it."""
    engine.content.withheld.add(CRDS)
    engine.api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "linkerd"}})
    for one in _identity():
        engine.api.apply(one)
    source = SEEDED.write(tmp_path_factory.mktemp("seeded") / SEEDED.name)
    running = Seeded.start(engine, source, archives)
    wait_until("policies is given up", lambda: _phase(running, "policies") == "Failed", LONG)
    wait_until("pods of the shop", lambda: engine.api.list("v1", "Pod", "shop"), LONG)
    engine.content.withheld.clear()
    running.gitops.pull("hard")
    wait_until("linkerd-crds is synced", lambda: _phase(running, "linkerd-crds") == "Succeeded", LONG)
    wait_until("the injector runs", lambda: "proxy-injector" in engine.programs.routed, LONG)
    # It looks again at what failed, now that the kinds are there.
    running.gitops.pull()
    wait_until("all compared again", running.gitops.refreshed, LONG)
    return running


def test_the_checker_names_exactly_the_seeded_faults(tmp_path: Path) -> None:
    assert verdicts.order(SEEDED.write(tmp_path)) == {
        "MW004": {"shop/web.yaml"},
        "MW006": {"policies/servers.yaml"},
        "MW008": {"argocd/applications/linkerd-control-plane.yaml"},
    }


def test_a_later_wave_does_not_wait_and_its_pods_have_no_proxy(seeded: Running) -> None:
    assert [meshed for pod, meshed in seeded.engine.audit().pods() if pod.namespace == "shop"] == [False]


def test_what_was_tried_too_early_too_often_stays_failed(seeded: Running) -> None:
    assert _phase(seeded, "policies") == "Failed"
    assert seeded.engine.api.list("policy.linkerd.io/v1beta3", "Server", "default") == []
    (said,) = [
        one["message"]
        for one in _application(seeded, "policies")["status"]["conditions"]
        if one["type"] == "SyncError"
    ]
    assert "retried 3 times" in said


def _application(seeded: Running, name: str) -> Object:
    return seeded.engine.api.get(*APPLICATION, name, NAMESPACE) or {}


def _phase(seeded: Running, name: str) -> str:
    return str(_application(seeded, name).get("status", {}).get("operationState", {}).get("phase", ""))


def _identity() -> list[Object]:
    """Linkerd's trust roots and issuer, made by hand for this run."""
    issuer = Authority.make("identity.linkerd.cluster.local")
    roots = {"ca-bundle.crt": issuer.certificate.decode()}
    meta = {"name": "linkerd-identity-trust-roots", "namespace": "linkerd"}
    keys = {
        "ca.crt": issuer.certificate.decode(),
        "tls.crt": issuer.certificate.decode(),
        "tls.key": issuer.pair().key.decode(),
    }
    secret = {"name": "linkerd-identity-issuer", "namespace": "linkerd"}
    return [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": roots},
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "kubernetes.io/tls",
            "metadata": secret,
            "stringData": keys,
        },
    ]
