"""The pi-cluster example while things go wrong on its way up: it converges without a hand, in order.

In turn: cert-manager's controller is away and a Secret is missing; the archive of Linkerd's CRDs cannot be
fetched; the first install of the control plane is refused; the injector is down when the gate asks.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from engine import operators
from engine.api import Object, conditions
from engine.deadlines import LONG
from engine.engine import Engine
from engine.flux import RELEASE
from engine.pods import has_proxy
from engine.processes import wait_until
from engine.synced import Running

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "pi-cluster"
CRDS = "https://helm.linkerd.io/edge/linkerd-crds-2026.8.3.tgz"
MESHED = ("linkerd-viz", "monitoring", "demo")
DOWN = 60.0
REFUSAL = "engine-refuses"


@pytest.fixture(scope="module")
def example(engine: Engine, archives: Path | None) -> Running:
    operators.install_k3s(engine.api)
    engine.operate(operators.look_k3s)
    for one in _refusal():
        engine.api.apply(one)
    engine.content.withheld.add(CRDS)
    return Running.start(engine, EXAMPLE, archives)


def test_a_missing_secret_holds_what_mounts_it(example: Running) -> None:
    wait_until("cert-manager Ready", lambda: "cert-manager" in example.flux.ready(), LONG)
    example.engine.programs.down.add("cert-manager-cert-manager")
    trust_manager = {"app.kubernetes.io/name": "trust-manager"}
    wait_until("trust-manager's pod", lambda: _pods(example, "cert-manager", trust_manager), LONG)
    time.sleep(5)
    assert example.engine.api.get("v1", "Secret", "trust-manager-tls", "cert-manager") is None
    assert [pod["status"]["phase"] for pod in _pods(example, "cert-manager", trust_manager)] == ["Pending"]
    assert {"trust-manager", "linkerd-trust", "linkerd-control-plane"} <= set(example.flux.unready())
    example.engine.programs.down.clear()
    wait_until("trust-manager Ready", lambda: "trust-manager" in example.flux.ready(), LONG)


def test_slow_crds_hold_the_control_plane(example: Running) -> None:
    wait_until("linkerd-trust Ready", lambda: "linkerd-trust" in example.flux.ready(), LONG)
    assert {"linkerd-crds", "linkerd-control-plane"} <= set(example.flux.unready())
    assert _pods(example, "linkerd") == []
    assert CRDS in example.engine.content.asked
    example.engine.content.withheld.clear()
    wait_until("linkerd-crds Ready", lambda: "linkerd-crds" in example.flux.ready(), LONG)


def test_a_first_install_that_failed_is_tried_again(example: Running) -> None:
    def failed() -> bool:
        release = example.engine.api.get(*RELEASE, "linkerd-control-plane", "linkerd") or {}
        return conditions(release).get("Ready", {}).get("reason") == "InstallFailed"

    wait_until("first install refused", failed, LONG)
    for one in _refusal():
        example.engine.api.delete(one["apiVersion"], one["kind"], one["metadata"]["name"])
    wait_until("the injector runs", lambda: "proxy-injector" in example.engine.programs.routed, LONG)


def test_while_the_injector_is_down_the_gate_holds_everything_meshed(example: Running) -> None:
    example.engine.programs.down.add("proxy-injector")
    wait_until("a pod of the gate", lambda: _pods(example, "linkerd-gate"), LONG)
    time.sleep(DOWN)
    assert "linkerd-control-plane" in example.flux.ready()
    tried = _pods(example, "linkerd-gate")
    assert len(tried) > 1
    assert not any(has_proxy(pod) for pod in tried)
    assert [pod["metadata"]["name"] for name in MESHED for pod in _pods(example, name)] == []
    example.engine.programs.down.clear()


def test_it_converges_without_a_hand_and_in_order(example: Running) -> None:
    example.flux.wait(LONG, example.layers)
    audit = example.engine.audit()
    assert audit.out_of_order(example.needs()) == []
    gate = audit.ready("linkerd-gate")[0]
    unmeshed = [
        str(pod)
        for pod, meshed in audit.pods()
        if pod.namespace in MESHED and not meshed and not _on_host(pod.answer)
    ]
    assert unmeshed == []
    assert all(pod.time > gate for pod, _ in audit.pods() if pod.namespace in MESHED)


def _pods(example: Running, namespace: str, labels: dict[str, str] | None = None) -> list[Object]:
    return example.engine.api.list("v1", "Pod", namespace, labels)


def _on_host(pod: Object) -> bool:
    return bool(pod["spec"].get("hostNetwork"))


def _refusal() -> list[Object]:
    """An admission policy that refuses one Deployment of the control plane."""
    group = "admissionregistration.k8s.io"
    rule = {
        "apiGroups": ["apps"],
        "apiVersions": ["v1"],
        "operations": ["CREATE"],
        "resources": ["deployments"],
    }
    return [
        {
            "apiVersion": f"{group}/v1",
            "kind": "ValidatingAdmissionPolicy",
            "metadata": {"name": REFUSAL},
            "spec": {
                "failurePolicy": "Fail",
                "matchConstraints": {"resourceRules": [rule]},
                "validations": [
                    {"expression": "object.metadata.name != 'linkerd-destination'", "message": "not now"}
                ],
            },
        },
        {
            "apiVersion": f"{group}/v1",
            "kind": "ValidatingAdmissionPolicyBinding",
            "metadata": {"name": REFUSAL},
            "spec": {"policyName": REFUSAL, "validationActions": ["Deny"]},
        },
    ]
