"""What the datacenter example finds, and what it is to show, on Flux and on Argo CD."""

from __future__ import annotations

import subprocess
from pathlib import Path

from engine import existing, kinds, operators
from engine.audit import Write
from engine.engine import Engine
from engine.expectations import Example
from engine.pods import has_proxy

NODES = 9
MESHED = ("linkerd", "linkerd-gate", "linkerd-viz", "elastic", "velero", "traefik")
SSH, HTTPS = (
    "ssh://git@git.example.org/platform/datacenter.git",
    "https://git.example.org/platform/datacenter.git",
)
GATEWAY = "https://github.com/kubernetes-sigs/gateway-api"


def install(engine: Engine, archives: Path | None) -> None:
    """What a platform team has already: cert-manager with a CA, Prometheus' kinds; ECK is stood in for."""
    existing.install_certificates(engine, archives, "ca-issuer")
    existing.install_monitoring(engine, "observability")
    engine.operate(operators.look_eck)


def over_https(work: Path) -> None:
    """Https for ssh: no SSH server runs here."""
    found = [path for path in work.glob("clusters/**/*.yaml") if SSH in path.read_text()]
    assert found
    for path in found:
        path.write_text(path.read_text().replace(SSH, HTTPS))


def gateway_repository(folder: Path) -> Path:
    """Gateway API's own CRDs as the git repository that they come from, with the tag that is pinned."""
    work = folder / "gateway-api"
    (work / "config").mkdir(parents=True)
    subprocess.run(["cp", "-r", kinds.gateway_folder(), work / "config" / "crd"], check=True)
    subprocess.run(["chmod", "-R", "u+w", work], check=True)
    for command in (
        ["init", "--quiet", "--initial-branch", "main"],
        ["add", "--all"],
        [
            "-c",
            "user.name=engine",
            "-c",
            "user.email=engine@example.test",
            "commit",
            "--quiet",
            "--message",
            "CRDs",
        ],
        ["tag", "v1.5.1"],
    ):
        subprocess.run(["git", *command], cwd=work, check=True)
    return work / ".git"


def meant(pod: Write) -> bool:
    """Whether a pod is meant to be in the mesh, by the answers of the example."""
    return pod.namespace in MESHED and not pod.answer["spec"].get("hostNetwork")


def expect_no_capability(example: Example) -> None:
    """No meshed pod asks for NET_ADMIN where the CNI plugin redirects; each validates its network."""
    for pod in example.engine.api.list("v1", "Pod"):
        if has_proxy(pod):
            assert "NET_ADMIN" not in str(pod["spec"]), pod["metadata"]["name"]
            assert any(one["name"] == "linkerd-network-validator" for one in pod["spec"]["initContainers"])
