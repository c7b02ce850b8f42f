"""What goes wrong on the way up, and what must hold meanwhile, on Flux and on Argo CD alike."""

from __future__ import annotations

import time
from collections.abc import Callable

from engine.api import Object
from engine.deadlines import LONG
from engine.engine import Engine
from engine.expectations import Example
from engine.picluster import BEHIND_THE_GATE
from engine.pods import has_proxy
from engine.processes import wait_until

CRDS = "https://helm.linkerd.io/edge/linkerd-crds-2026.8.3.tgz"
TRUST_MANAGER = {"app.kubernetes.io/name": "trust-manager"}
ISSUING = "cert-manager-cert-manager"
DOWN = 60.0
REFUSAL = "engine-refuses"


def prepare(engine: Engine) -> None:
    """Before anything is synced: a chart cannot be fetched, and a Deployment is refused."""
    for one in refusal():
        engine.api.apply(one)
    engine.content.withheld.add(CRDS)


def without_a_secret(example: Example) -> None:
    """While cert-manager's controller is away a Secret is missing: what mounts it waits, and all behind."""
    wait_until("cert-manager Ready", lambda: "cert-manager" in example.gitops.ready(), LONG)
    example.engine.programs.down.add(ISSUING)
    wait_until("trust-manager's pod", lambda: pods(example, "cert-manager", TRUST_MANAGER), LONG)
    time.sleep(5)
    assert example.engine.api.get("v1", "Secret", "trust-manager-tls", "cert-manager") is None
    assert [pod["status"]["phase"] for pod in pods(example, "cert-manager", TRUST_MANAGER)] == ["Pending"]
    assert not {"trust-manager", "linkerd-trust", "linkerd-control-plane"} & example.gitops.ready()
    example.engine.programs.down.clear()
    wait_until("trust-manager Ready", lambda: "trust-manager" in example.gitops.ready(), LONG)


def with_slow_crds(example: Example, other: str, next_down: tuple[str, ...] = ()) -> None:
    """While the chart of Linkerd's CRDs cannot be fetched the control plane waits; ``other`` layers do not.

    Programs that are to be ``next_down`` are, before the chart comes.
    """
    wait_until(f"{other} Ready", lambda: other in example.gitops.ready(), LONG)
    wait_until("the chart is asked for", lambda: CRDS in example.engine.content.asked, LONG)
    assert not {"linkerd-crds", "linkerd-control-plane"} & example.gitops.ready()
    assert pods(example, "linkerd") == []
    example.engine.programs.down.update(next_down)
    example.engine.content.withheld.clear()
    wait_until("linkerd-crds Ready", lambda: "linkerd-crds" in example.gitops.ready(), LONG)


def after_a_refusal(example: Example, refused: Callable[[], bool]) -> None:
    """The first install of the control plane is ``refused``; later ones are not."""
    wait_until("first install refused", refused, LONG)
    for one in refusal():
        example.engine.api.delete(one["apiVersion"], one["kind"], one["metadata"]["name"])
    wait_until("the injector runs", lambda: "proxy-injector" in example.engine.programs.routed, LONG)


def without_the_injector(example: Example) -> None:
    """For a minute the injector is down: the gate lets nothing meshed through."""
    example.engine.programs.down.add("proxy-injector")
    wait_until("a pod of the gate", lambda: pods(example, "linkerd-gate"), LONG)
    time.sleep(DOWN)
    assert "linkerd-control-plane" in example.gitops.ready()
    tried = pods(example, "linkerd-gate")
    assert len(tried) > 1
    assert not any(has_proxy(pod) for pod in tried)
    assert [pod["metadata"]["name"] for name in BEHIND_THE_GATE for pod in pods(example, name)] == []
    example.engine.programs.down.clear()


def converged(example: Example) -> None:
    """All of it comes up without a hand, in order, and nothing meshed was made without the proxy."""
    seconds = example.wait(LONG)
    print(f"converged {seconds:.0f} s after the last mishap")
    audit = example.engine.audit()
    assert audit.out_of_order(example.needs()) == []
    unmeshed = [
        str(pod)
        for pod, meshed in audit.pods()
        if pod.namespace in BEHIND_THE_GATE and not meshed and not pod.answer["spec"].get("hostNetwork")
    ]
    assert unmeshed == []


def pods(example: Example, namespace: str, labels: dict[str, str] | None = None) -> list[Object]:
    """The pods that are there."""
    return example.engine.api.list("v1", "Pod", namespace, labels)


def refusal() -> list[Object]:
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
