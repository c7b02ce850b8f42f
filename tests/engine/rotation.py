"""The trust anchor replaced in four commits of meshwright, on real cert-manager and trust-manager."""

from __future__ import annotations

import base64
import subprocess
import sys
from collections.abc import Callable

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from engine.api import Object
from engine.deadlines import LONG
from engine.expectations import Example
from engine.picluster import meant
from engine.processes import wait_until

OLD, NEW = "linkerd-trust-anchor", "linkerd-trust-anchor-2"
# What a stage changes, and demo, which was restarted by hand; the rest comes along with a later commit.
TOUCHED = {
    1: {"linkerd-trust"},
    2: {"linkerd-control-plane", "linkerd-viz"},
    3: {"linkerd-trust", "linkerd-control-plane", "demo"},
    4: {"linkerd-trust", "linkerd-control-plane"},
}
RESTARTED = "kubectl.kubernetes.io/restartedAt"


def expect_rotated(example: Example, confirm: Callable[[], None] = lambda: None) -> None:
    """Four stages; at each the mesh trusts what signs it. ``confirm``: what the last asks a person for."""
    api = example.engine.api
    _commit(example, 1)
    wait_until("both anchors are trusted", lambda: len(_roots(example)) == 2, LONG)
    old, new = _certificate(example, OLD, "cert-manager"), _certificate(example, NEW, "cert-manager")
    assert set(_roots(example)) == {old, new}
    assert _signs(old, _issuer(example))

    mark = example.engine.audit().end
    _commit(example, 2)
    restarted = {pod.namespace for pod, _ in example.engine.audit().since(mark).pods()}
    assert restarted >= {"linkerd", "linkerd-viz"}
    assert _signs(old, _issuer(example))
    _restart(example, "web", "demo")

    _commit(example, 3)
    wait_until("the new anchor signs", lambda: _signs(new, _issuer(example)), LONG)
    assert len(_roots(example)) == 2
    # What the engine applied meanwhile left the restart as it is: undone, it would be another one.
    web = api.get("apps/v1", "Deployment", "web", "demo") or {}
    assert RESTARTED in web["spec"]["template"]["metadata"]["annotations"]

    _commit(example, 4, confirm)
    wait_until("the new anchor alone is trusted", lambda: len(_roots(example)) == 1, LONG)
    assert _roots(example) == [new]
    assert _signs(new, _issuer(example))
    example.wait(LONG)
    assert api.get("cert-manager.io/v1", "Certificate", OLD, "cert-manager") is None
    assert [
        str(pod) for pod, meshed in example.engine.audit().since(mark).pods() if meshed != meant(pod)
    ] == []


def _commit(example: Example, stage: int, confirm: Callable[[], None] = lambda: None) -> None:
    work = example.repository.work
    command = [sys.executable, "-m", "meshwright", "trust", "rotate", "--stage", str(stage), str(work)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    revision = example.repository.commit(f"Rotate the trust anchor, stage {stage}")
    example.gitops.pull()
    confirm()
    seconds = example.wait(LONG, revision, TOUCHED[stage])
    print(f"stage {stage} applied after {seconds:.0f} s")
    # Never cut: at each moment between two commits the issuer hangs on an anchor that is trusted.
    assert any(_signs(root, _issuer(example)) for root in _roots(example))


def _restart(example: Example, name: str, namespace: str) -> None:
    """As the command that stage 2 prints: `kubectl rollout restart --field-manager=trust-rotation`."""
    api = example.engine.api
    template = {"metadata": {"annotations": {RESTARTED: "2026-01-01T00:00:00Z"}}}
    path = api.path("apps/v1", "Deployment", namespace, name)
    body = {"spec": {"template": template}}
    api.request(
        "PATCH", f"{path}?fieldManager=trust-rotation", body, "application/strategic-merge-patch+json"
    )

    def rolled() -> bool:
        found: Object = api.get("apps/v1", "Deployment", name, namespace) or {}
        status = found["status"]
        seen = status.get("observedGeneration") == found["metadata"]["generation"]
        return bool(
            seen and status.get("updatedReplicas") == status.get("readyReplicas") == status.get("replicas")
        )

    wait_until(f"Deployment {name} restarted", rolled, LONG)


def _roots(example: Example) -> list[x509.Certificate]:
    found = example.engine.api.get("v1", "ConfigMap", "linkerd-identity-trust-roots", "linkerd") or {}
    return x509.load_pem_x509_certificates(found["data"]["ca-bundle.crt"].encode())


def _issuer(example: Example) -> x509.Certificate:
    return _certificate(example, "linkerd-identity-issuer", "linkerd")


def _certificate(example: Example, secret: str, namespace: str) -> x509.Certificate:
    found = example.engine.api.get("v1", "Secret", secret, namespace) or {}
    return x509.load_pem_x509_certificates(base64.b64decode(found["data"]["tls.crt"]))[0]


def _signs(anchor: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        issuer.verify_directly_issued_by(anchor)
    except (ValueError, InvalidSignature):
        return False
    return True
