"""A real API server, controller manager, scheduler and etcd, with simulated nodes."""

from __future__ import annotations

import http.client
import ssl
from dataclasses import dataclass
from pathlib import Path

from engine.api import PORT, SERVER, Api, connect
from engine.builds import binary
from engine.pki import Authority, Pair, kubeconfig, signing_pair
from engine.processes import Running, Supervisor, wait_until

HERE = Path(__file__).resolve().parent
SERVICES, PODS = "10.96.0.0/16", "10.244.0.0/16"
BOOT = 60.0


@dataclass(frozen=True)
class Ports:
    """Where the parts of a cluster listen; ``prefix`` is what the names of its processes begin with."""

    api: int = PORT
    etcd: int = 2379
    peers: int = 2380
    manager: int = 10257
    prefix: str = ""

    @property
    def url(self) -> str:
        """The API server's."""
        return f"https://{SERVER}:{self.api}"


@dataclass(frozen=True)
class ControlPlane:
    """What a running cluster is reached by."""

    folder: Path
    authority: Authority
    admin: Pair
    api: Api
    supervisor: Supervisor
    ports: Ports = Ports()

    @property
    def audit_log(self) -> Path:
        return self.folder / "audit.json"

    def user(self, name: str, *groups: str) -> Path:
        """A kubeconfig for a user of that name; the audit log calls it so."""
        path = self.folder / "users" / f"{name}.kubeconfig"
        path.parent.mkdir(exist_ok=True)
        path.write_text(
            kubeconfig(self.ports.url, self.authority.certificate, self.authority.client(name, *groups))
        )
        return path

    def token_user(self, namespace: str, account: str) -> Path:
        """A kubeconfig for a service account, with the rights that the repository gives it."""
        request = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {"expirationSeconds": 86400},
        }
        answer = self.api.request(
            "POST", f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token", request
        )
        path = self.folder / "users" / f"{namespace}-{account}.kubeconfig"
        path.parent.mkdir(exist_ok=True)
        path.write_text(
            kubeconfig(self.ports.url, self.authority.certificate, token=answer["status"]["token"])
        )
        return path


def boot(folder: Path, supervisor: Supervisor, nodes: int) -> ControlPlane:
    """Start everything and wait until it serves.

    Raises:
        NotReadyError: a part did not come up.
    """
    plane = serve(folder, supervisor)
    scheduler = supervisor.start("kube-scheduler", _scheduler(plane))
    stages = HERE / "stages.yaml"
    kwok: list[str | Path] = [
        "kwok",
        "--kubeconfig",
        plane.user("kwok", "system:masters"),
        "--manage-all-nodes",
        "--node-ip",
        "10.244.255.1",
    ]
    kwok += ["--cidr", PODS, "--config", stages, "--node-lease-duration-seconds", "40"]
    supervisor.start("kwok", [binary("kwok"), *kwok[1:]])
    _wait_secure("scheduler", 10259, scheduler)
    for number in range(1, nodes + 1):
        plane.api.apply(_node(f"node-{number}"))
    return plane


def serve(folder: Path, supervisor: Supervisor, ports: Ports | None = None) -> ControlPlane:
    """Start an API server with its controllers, but without nodes, and wait until it serves.

    Raises:
        NotReadyError: a part did not come up.
    """
    ports = ports or Ports()
    authority, front = Authority.make("engine"), Authority.make("front-proxy")
    pki = folder / "pki"
    authority.pair().write(pki, "ca")
    front.pair().write(pki, "front-ca")
    front.client("front-proxy-client").write(pki, "front")
    names = (
        "127.0.0.1",
        "10.96.0.1",
        "localhost",
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc",
    )
    authority.server("kube-apiserver", *names).write(pki, "apiserver")
    private, public = signing_pair()
    (pki / "sa.key").write_bytes(private)
    (pki / "sa.pub").write_bytes(public)
    admin = authority.client("engine-admin", "system:masters")
    api = connect(authority.certificate, admin, pki, ports.api)
    plane = ControlPlane(folder, authority, admin, api, supervisor, ports)
    _wait_etcd(supervisor.start(f"{ports.prefix}etcd", _etcd(folder, ports)), ports)
    server = supervisor.start(f"{ports.prefix}kube-apiserver", _api_server(folder, pki, ports))
    wait_until("API server ready", lambda: api.request("GET", "/readyz") == "ok", BOOT, running=server)
    manager = supervisor.start(f"{ports.prefix}kube-controller-manager", _controller_manager(plane, pki))
    _wait_secure("controller manager", ports.manager, manager)
    wait_until("service accounts", lambda: api.get("v1", "ServiceAccount", "default", "default"), BOOT)
    return plane


def _etcd(folder: Path, ports: Ports) -> list[str | Path]:
    url = f"http://127.0.0.1:{ports.etcd}"
    return [
        *(
            binary("kubelite"),
            "etcd",
            "--data-dir",
            folder / "etcd",
            "--unsafe-no-fsync",
            "--log-level",
            "warn",
        ),
        *(
            "--listen-client-urls",
            url,
            "--advertise-client-urls",
            url,
            "--listen-peer-urls",
            f"http://127.0.0.1:{ports.peers}",
        ),
    ]


def _api_server(folder: Path, pki: Path, ports: Ports) -> list[str | Path]:
    flags: dict[str, str | Path] = {
        "etcd-servers": f"http://127.0.0.1:{ports.etcd}",
        "service-cluster-ip-range": SERVICES,
        "bind-address": SERVER,
        "advertise-address": "10.244.255.254",
        "secure-port": str(ports.api),
        "client-ca-file": pki / "ca.crt",
        "tls-cert-file": pki / "apiserver.crt",
        "tls-private-key-file": pki / "apiserver.key",
        "service-account-issuer": "https://kubernetes.default.svc",
        "service-account-key-file": pki / "sa.pub",
        "service-account-signing-key-file": pki / "sa.key",
        "authorization-mode": "RBAC",
        "endpoint-reconciler-type": "none",
        # Linkerd and aggregated API servers read these from the cluster.
        "requestheader-client-ca-file": pki / "front-ca.crt",
        "proxy-client-cert-file": pki / "front.crt",
        "proxy-client-key-file": pki / "front.key",
        "requestheader-allowed-names": "front-proxy-client",
        "requestheader-username-headers": "X-Remote-User",
        "requestheader-group-headers": "X-Remote-Group",
        "requestheader-extra-headers-prefix": "X-Remote-Extra-",
        "audit-policy-file": HERE / "audit.yaml",
        "audit-log-path": folder / "audit.json",
        "audit-log-mode": "blocking",
    }
    listed = [f"--{name}={value}" for name, value in flags.items()]
    return [binary("kubelite"), "kube-apiserver", "--allow-privileged", *listed]


def _controller_manager(plane: ControlPlane, pki: Path) -> list[str | Path]:
    config = plane.user("system:kube-controller-manager")
    return [
        *(binary("kubelite"), "kube-controller-manager", "--kubeconfig", config, "--bind-address", SERVER),
        *("--secure-port", str(plane.ports.manager)),
        *(
            "--authentication-kubeconfig",
            config,
            "--authorization-kubeconfig",
            config,
            "--leader-elect=false",
        ),
        *("--use-service-account-credentials", "--root-ca-file", pki / "ca.crt"),
        *("--service-account-private-key-file", pki / "sa.key"),
        *("--cluster-signing-cert-file", pki / "ca.crt", "--cluster-signing-key-file", pki / "ca.key"),
        *("--allocate-node-cidrs", "--cluster-cidr", PODS, "--node-monitor-grace-period", "1h"),
    ]


def _scheduler(plane: ControlPlane) -> list[str | Path]:
    config = plane.user("system:kube-scheduler")
    return [
        *(binary("kubelite"), "kube-scheduler", "--kubeconfig", config, "--bind-address", SERVER),
        *(
            "--authentication-kubeconfig",
            config,
            "--authorization-kubeconfig",
            config,
            "--leader-elect=false",
        ),
    ]


def _node(name: str) -> dict[str, object]:
    labels = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}}


def _wait_etcd(etcd: Running, ports: Ports) -> None:
    def healthy() -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", ports.etcd, timeout=2)
        connection.request("GET", "/health")
        return connection.getresponse().status == 200

    wait_until("etcd healthy", healthy, BOOT, running=etcd)


def _wait_secure(what: str, port: int, running: Running) -> None:
    # Its serving certificate is self-made, on this loopback.
    context = ssl._create_unverified_context()

    def healthy() -> bool:
        connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=2)
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200

    wait_until(f"{what} healthy", healthy, BOOT, running=running)
