"""What the pi-cluster example is to show, on Flux and on Argo CD."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from engine import operators
from engine.audit import Write
from engine.engine import Engine
from engine.expectations import Example
from engine.pods import has_proxy
from engine.synced import EXAMPLES

S = TypeVar("S", bound=Example)
Prepare = Callable[[Engine], None]
MESHED = ("linkerd", "linkerd-gate", "linkerd-viz", "monitoring", "demo")
# With pods of which none comes before the gate is through.
BEHIND_THE_GATE = ("linkerd-viz", "monitoring", "demo")


def start(kind: type[S], engine: Engine, archives: Path | None, prepare: Prepare = lambda _: None) -> S:
    """K3s with its Traefik, and the example as it is made for an engine, being synced by it."""
    operators.install_k3s(engine.api)
    engine.operate(operators.look_k3s)
    prepare(engine)
    return kind.start(engine, EXAMPLES / f"pi-cluster{kind.SUFFIX}", archives)


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
