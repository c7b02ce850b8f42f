"""What the pi-cluster example is to show, on Flux and on Argo CD."""

from __future__ import annotations

from engine import operators
from engine.audit import Write
from engine.expectations import Example
from engine.pods import has_proxy

MESHED = ("linkerd", "linkerd-gate", "linkerd-viz", "monitoring", "demo")
# With pods of which none comes before the gate is through.
BEHIND_THE_GATE = ("linkerd-viz", "monitoring", "demo")


def meant(pod: Write) -> bool:
    """Whether a pod is meant to be in the mesh, by the answers of the example."""
    spec, meta = pod.answer["spec"], pod.answer["metadata"]
    if spec.get("hostNetwork"):
        return False
    traefik = operators.TRAEFIK_LABELS.items() <= meta.get("labels", {}).items()
    annotated = meta.get("annotations", {}).get("linkerd.io/inject") == "enabled"
    return pod.namespace in MESHED or (pod.namespace == "kube-system" and traefik and annotated)


def expect_traefik(example: Example) -> None:
    """Traefik in kube-system is meshed through the narrow webhook, and nothing else there is."""
    pods = example.engine.audit().pods()
    there = [(pod, meshed) for pod, meshed in pods if pod.namespace == "kube-system"]
    traefik = [(pod, meshed) for pod, meshed in there if pod.name.startswith("traefik-")]
    # The one that k3s made before there was a mesh, and the one of the new settings.
    assert [meshed for _, meshed in traefik] == [False, True]
    assert "linkerd-proxy-injector-traefik" in _webhooks(traefik[-1][0])
    assert {pod.name.rsplit("-", 2)[0] for pod, meshed in there if not meshed} >= {
        "coredns",
        "metrics-server",
    }
    live = example.engine.api.list("v1", "Pod", "kube-system", operators.TRAEFIK_LABELS)
    assert [has_proxy(pod) for pod in live] == [True]


def _webhooks(pod: Write) -> str:
    """Which webhooks were asked about a pod and changed it, by the audit log's annotations."""
    rounds = (
        value
        for key, value in pod.annotations.items()
        if key.startswith("mutation.webhook.admission.k8s.io/round_")
    )
    return " ".join(value for value in rounds if '"mutated":true' in value)
