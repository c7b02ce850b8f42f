"""The programs behind pods that run for real, and small servers for those that cannot.

Real: cert-manager's three, trust-manager, Linkerd's proxy injector and service profile validator, and the
controller of a Link. They run with the service account that the repository gives them, and start when their
pod could. Servers that allow everything stand for webhooks and aggregated APIs whose programs are not built
here (allowing.py).
"""

from __future__ import annotations

import base64
import http.client
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from pathlib import Path

from engine.allowing import LOOPBACK, allow_all
from engine.api import Object
from engine.builds import binary
from engine.controlplane import ControlPlane
from engine.processes import Running
from engine.routes import Router

RUN = Path("/run/linkerd")


@dataclass(frozen=True)
class Program:
    """A program that stands behind the pods with a label, and the Service ports that lead to it."""

    name: str
    namespace: str
    labels: Mapping[str, str]
    command: tuple[str, ...] = ()
    account: str = ""
    services: tuple[tuple[str, int, int], ...] = ()  # Service, its port, the local port
    health: tuple[int, str] | None = None
    files: tuple[tuple[str, str, str], ...] = ()  # folder below /run/linkerd, kind, name
    secret: str = ""  # for a server that allows everything: the Secret with its certificate

    def behind(self, pod: Object) -> bool:
        """Whether this is the program of the pod."""
        meta: Object = pod["metadata"]
        has: Mapping[str, str] = meta.get("labels", {})
        return bool(meta["namespace"] == self.namespace) and self.labels.items() <= has.items()


def _certificates(
    component: str, services: tuple[tuple[str, int, int], ...] = (), health: tuple[int, str] | None = None
) -> Program:
    controller = component == "cert-manager"
    return Program(
        f"cert-manager-{component}",
        "cert-manager",
        {"app.kubernetes.io/name": component, "app.kubernetes.io/instance": "cert-manager"},
        ("cert-manager", "controller" if controller else component),
        account="cert-manager" if controller else f"cert-manager-{component}",
        services=services,
        health=health,
    )


def _linkerd(name: str, component: str, port: int, *mounted: tuple[str, str, str]) -> Program:
    admin = port + 1000
    return Program(
        name,
        "linkerd",
        {"linkerd.io/control-plane-component": component},
        ("linkerd", name, f"-addr={LOOPBACK}:{port}", f"-metrics-addr={LOOPBACK}:{admin}"),
        account=f"linkerd-{component}",
        services=((f"linkerd-{name}", 443, port),),
        health=(admin, "/ready"),
        files=(("tls", "Secret", f"linkerd-{name}-k8s-tls"), *mounted),
    )


def _allowing(
    name: str, namespace: str, labels: Mapping[str, str], service: str, port: int, local: int, secret: str
) -> Program:
    return Program(name, namespace, labels, services=((service, port, local),), secret=secret)


_KPS = {"app": "kube-prometheus-stack-operator"}
PROGRAMS = (
    _certificates("cert-manager"),
    _certificates("cainjector"),
    _certificates("webhook", services=(("cert-manager-webhook", 443, 10250),), health=(6080, "/livez")),
    Program(
        "trust-manager",
        "cert-manager",
        {"app.kubernetes.io/name": "trust-manager"},
        (
            *(
                "trust-manager",
                "--trust-namespace=cert-manager",
                "--leader-elect=false",
                "--readiness-probe-port=6060",
            ),
            *(
                "--readiness-probe-path=/readyz",
                f"--webhook-host={LOOPBACK}",
                "--webhook-port=16443",
                "--metrics-port=19402",
            ),
            "--webhook-certificate-dir=/run/linkerd/tls",
        ),
        account="trust-manager",
        services=(("trust-manager", 443, 16443),),
        health=(6060, "/readyz"),
        files=(("tls", "Secret", "trust-manager-tls"),),
    ),
    _linkerd(
        *("proxy-injector", "proxy-injector", 18443),
        ("config", "ConfigMap", "linkerd-config"),
        ("identity/trust-roots", "ConfigMap", "linkerd-identity-trust-roots"),
    ),
    _linkerd("sp-validator", "destination", 18444),
    _allowing(
        "policy-validator",
        "linkerd",
        {"linkerd.io/control-plane-component": "destination"},
        service="linkerd-policy-validator",
        port=443,
        local=18445,
        secret="linkerd-policy-validator-k8s-tls",
    ),
    Program(
        "service-mirror-east",
        "linkerd-multicluster",
        {"component": "controller", "mirror.linkerd.io/cluster-name": "east"},
        (
            *("linkerd", "service-mirror", f"-metrics-addr={LOOPBACK}:19999", "-event-requeue-limit=3"),
            *("-namespace=linkerd-multicluster", "-probe-service=probe-east", "east"),
        ),
        account="controller-east",
        health=(19999, "/ready"),
    ),
    _allowing("tap", "linkerd-viz", {"component": "tap"}, "tap", 443, 18446, "tap-k8s-tls"),
    _allowing(
        "tap-injector",
        "linkerd-viz",
        {"component": "tap-injector"},
        "tap-injector",
        443,
        18447,
        "tap-injector-k8s-tls",
    ),
    _allowing(
        *("prometheus-operator", "monitoring", _KPS, "kube-prometheus-stack-operator", 443, 18448),
        "kube-prometheus-stack-admission",
    ),
)


@dataclass
class Programs:
    """Runs programs while their pods are there."""

    plane: ControlPlane
    router: Router
    running: dict[str, Running | ThreadingHTTPServer] = field(default_factory=dict)
    routed: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    down: set[str] = field(default_factory=set)

    def started(self, pod: Object) -> bool:
        """Start what stands behind a pod, and tell whether all of it answers."""
        answers = [self._started(program) for program in PROGRAMS if program.behind(pod)]
        return all(answers)

    def keep(self, pods: list[Object]) -> None:
        """Stop what has no pod any more, and what has died or is meant to be down."""
        for program in PROGRAMS:
            one = self.running.get(program.name)
            if one is None:
                continue
            dead = isinstance(one, Running) and not one.alive
            if dead or program.name in self.down or not any(program.behind(pod) for pod in pods):
                self._stop(program)
        for program in PROGRAMS:
            # A pod that was ready once has its program restarted, as a kubelet would, until it answers.
            if program.name not in self.routed and any(program.behind(pod) and _ready(pod) for pod in pods):
                self._started(program)

    def stop(self) -> None:
        """Stop all of them."""
        for program in PROGRAMS:
            if program.name in self.running:
                self._stop(program)

    def _started(self, program: Program) -> bool:
        if program.name in self.down:
            return False
        addresses = [(self._address(service), port, local) for service, port, local in _services(program)]
        if any(address is None for address, _, _ in addresses):
            return False
        if program.name not in self.running:
            self.running[program.name] = self._start(program)
        if not self._healthy(program):
            return False
        for address, port, local in addresses:
            if address is not None:
                self.router.open((address, port), (LOOPBACK, local))
                self.routed.setdefault(program.name, []).append((address, port))
        return True

    def _start(self, program: Program) -> Running | ThreadingHTTPServer:
        folder = self.plane.folder / "programs" / program.name
        if program.secret:
            self._write(folder, "Secret", program.secret, program.namespace)
            return allow_all(folder, program.services[0][2])
        for place, kind, name in program.files:
            self._write(folder / place, kind, name, program.namespace)
        config = self.plane.token_user(program.namespace, program.account)
        name, *arguments = program.command
        return self.plane.supervisor.start(
            program.name,
            [binary(name), arguments[0], f"--kubeconfig={config}", *arguments[1:]]
            if name != "trust-manager"
            else [binary(name), f"--kubeconfig={config}", *arguments],
            # In a pod it is the pod's name.
            {"HOSTNAME": program.name},
            mounted=(folder, RUN) if program.files else None,
        )

    def _stop(self, program: Program) -> None:
        for address in self.routed.pop(program.name, []):
            self.router.close(address)
        one = self.running.pop(program.name)
        if isinstance(one, Running):
            self.plane.supervisor.stop(one, grace=1)
        else:
            one.shutdown()
            one.server_close()

    def _healthy(self, program: Program) -> bool:
        if program.health is None:
            one = self.running[program.name]
            return not isinstance(one, Running) or one.alive
        port, path = program.health
        connection = http.client.HTTPConnection(LOOPBACK, port, timeout=2)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def _address(self, service: tuple[str, str]) -> str | None:
        namespace, name = service
        found = self.plane.api.get("v1", "Service", name, namespace)
        return found["spec"]["clusterIP"] if found else None

    def _write(self, folder: Path, kind: str, name: str, namespace: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        found = self.plane.api.get("v1", kind, name, namespace) or {}
        for key, value in found.get("data", {}).items():
            (folder / key).write_bytes(base64.b64decode(value) if kind == "Secret" else value.encode())


def _services(program: Program) -> list[tuple[tuple[str, str], int, int]]:
    return [((program.namespace, service), port, local) for service, port, local in program.services]


def _ready(pod: Object) -> bool:
    return any(
        one["type"] == "Ready" and one["status"] == "True"
        for one in pod.get("status", {}).get("conditions", [])
    )
