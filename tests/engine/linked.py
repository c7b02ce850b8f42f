"""Two clusters that mirror Services of each other: west as a whole, and the API server of east.

West is synced by an engine, and the controller of its Link is Linkerd's own. East has what a mirror needs of
another cluster: the account that the chart makes for west, exported Services, and a gateway that answers.
"""

from __future__ import annotations

import base64
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TypeVar

import yaml

from engine import datacenter, existing
from engine.api import Object, documents
from engine.controlplane import ControlPlane, Ports, serve
from engine.engine import Engine
from engine.expectations import Example
from engine.pki import kubeconfig
from engine.processes import wait_until
from engine.synced import EXAMPLES
from meshwright.tools.finder import locate

S = TypeVar("S", bound=Example)
CLUSTER, PEER = "west", "east"
NODES = 3
NAMESPACE = "linkerd-multicluster"
PORTS = Ports(api=26443, etcd=22379, peers=22380, manager=20257, prefix="east-")
GATEWAY, PROBE = "10.244.200.1", 4191
MIRRORED = {"mirror.linkerd.io/mirrored-service": "true"}
# What Flux adds to everything that it applies.
OF_FLUX = "kustomize.toolkit.fluxcd.io/name"
_RIGHTS = ("ServiceAccount", "Secret", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding")


def start(kind: type[S], engine: Engine, archives: Path | None) -> S:
    """What a platform team has already, and the example's cluster west, being synced."""
    existing.install_certificates(engine, archives, "ca-issuer")
    existing.install_monitoring(engine, "observability")
    gateway = {datacenter.GATEWAY: datacenter.gateway_repository(engine.folder)}
    example = kind.start(engine, EXAMPLES / f"linked{kind.SUFFIX}", archives, more=gateway)
    with (engine.content.folder / "hosts").open("a") as hosts:
        hosts.write(f"{GATEWAY} gateway.{PEER}.example.org probe-{PEER} probe-{PEER}.{NAMESPACE}\n")
    return example


def answer_probes() -> ThreadingHTTPServer:
    """A gateway of east as far as its probe sees it."""

    class Ready(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer((GATEWAY, PROBE), Ready)
    threading.Thread(target=server.serve_forever, name="gateway", daemon=True).start()
    return server


def boot_peer(example: Example, archives: Path | None) -> ControlPlane:
    """East: the accounts of its chart, and its application with the pods' addresses."""
    engine, work = example.engine, example.repository.work
    plane = serve(engine.folder / PEER, engine.plane.supervisor, PORTS)
    api = plane.api
    api.apply(_object("v1", "Node", f"{PEER}-1"))
    api.apply(_object("v1", "Namespace", NAMESPACE))
    (asked,) = (one for one in engine.asked if one.name == NAMESPACE)
    values = yaml.safe_load((work / "platform" / PEER / NAMESPACE / "values.yaml").read_text())
    chart = existing.render(asked, engine.folder / "chart-of-east", archives, NAMESPACE, values)
    for one in chart:
        if one["kind"] in _RIGHTS:
            api.apply(one, "helm")
    built = _build(work / "mesh" / "apps" / PEER / "demo")
    for one in sorted(built, key=lambda item: str(item["kind"]) != "Namespace"):
        if one["kind"] in ("Namespace", "Service"):
            one["metadata"].setdefault("labels", {})[OF_FLUX] = "demo"
            api.apply(one, "kustomize-controller")
    for number, one in enumerate(one for one in built if one["kind"] in ("Deployment", "StatefulSet")):
        _start_pod(plane, one, f"10.244.201.{number + 1}")
    return plane


def create_credentials(peer: ControlPlane, engine: Engine) -> None:
    """What the README of west says to create: how its controller and its destinations reach east."""
    account = f"linkerd-service-mirror-remote-access-{CLUSTER}"

    def token() -> str:
        found = peer.api.get("v1", "Secret", f"{account}-token", NAMESPACE) or {}
        return str(found.get("data", {}).get("token", ""))

    wait_until("the token of west's account", lambda: token() != "", 60)
    text = kubeconfig(PORTS.url, peer.authority.certificate, token=base64.b64decode(token()).decode())
    for namespace in (NAMESPACE, "linkerd"):
        secret = _object("v1", "Secret", f"cluster-credentials-{PEER}", namespace)
        secret["type"] = "mirror.linkerd.io/remote-kubeconfig"
        secret["data"] = {"kubeconfig": base64.b64encode(text.encode()).decode()}
        if namespace == "linkerd":
            secret["metadata"]["labels"] = {"multicluster.linkerd.io/cluster-name": PEER}
            secret["metadata"]["annotations"] = {
                "multicluster.linkerd.io/trust-domain": "cluster.local",
                "multicluster.linkerd.io/cluster-domain": "cluster.local",
            }
        engine.api.apply(secret, "kubectl")


def mirrors(engine: Engine) -> dict[str, Object]:
    """The mirrors on west by name."""
    return {one["metadata"]["name"]: one for one in engine.api.list("v1", "Service", "demo", MIRRORED)}


def addresses(engine: Engine, name: str) -> set[tuple[str, int]]:
    """Where a mirror leads to."""
    found = engine.api.get("v1", "Endpoints", name, "demo") or {}
    return {
        (address["ip"], port["port"])
        for subset in found.get("subsets") or []
        for address in subset.get("addresses", [])
        for port in subset.get("ports", [])
    }


def _start_pod(plane: ControlPlane, workload: Object, address: str) -> None:
    """A ready pod of a workload, as its controller and a kubelet would make it."""
    template = workload["spec"]["template"]
    pod = _object("v1", "Pod", workload["metadata"]["name"], workload["metadata"]["namespace"])
    pod["metadata"]["labels"] = template["metadata"]["labels"]
    # What else the template has, such as volumes and accounts, no Endpoints depend on.
    containers = [
        {key: one[key] for key in ("name", "image", "ports", "securityContext") if key in one}
        for one in template["spec"]["containers"]
    ]
    context = template["spec"].get("securityContext", {})
    pod["spec"] = {"nodeName": f"{PEER}-1", "securityContext": context, "containers": containers}
    made = plane.api.apply(pod)
    status = {
        "phase": "Running",
        "podIP": address,
        "podIPs": [{"ip": address}],
        "conditions": [{"type": "Ready", "status": "True"}],
    }
    plane.api.merge({"apiVersion": "v1", "kind": "Pod", **made}, {"status": status}, "/status")


def _build(folder: Path) -> list[Object]:
    command = [str(locate("kustomize").path), "build", str(folder), "--load-restrictor=LoadRestrictionsNone"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return documents(yaml.load_all(done.stdout, yaml.CSafeLoader))


def _object(version: str, kind: str, name: str, namespace: str = "") -> Object:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": version, "kind": kind, "metadata": metadata}
