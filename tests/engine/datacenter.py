"""What the datacenter example finds, and what it is to show, on Flux and on Argo CD."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TypeVar

from engine import existing, kinds, operators
from engine.audit import Write
from engine.engine import Engine
from engine.expectations import Example
from engine.pods import has_proxy
from engine.repository import Repository
from engine.synced import EXAMPLES

S = TypeVar("S", bound=Example)
NODES = 9
MESHED = ("linkerd", "linkerd-gate", "linkerd-viz", "elastic", "velero", "traefik")
SSH, HTTPS = (
    "ssh://git@git.example.org/platform/datacenter.git",
    "https://git.example.org/platform/datacenter.git",
)
KEY = "  secretRef:\n    name: flux-system\n"
GATEWAY = "https://github.com/kubernetes-sigs/gateway-api"


def start(kind: type[S], engine: Engine, archives: Path | None) -> S:
    """What a platform team has already, and the example as it is made for an engine, being synced by it.

    Cert-manager with a CA and Prometheus' kinds are there; ECK is stood in for.
    """
    existing.install_certificates(engine, archives, "ca-issuer")
    existing.install_monitoring(engine, "observability")
    engine.operate(operators.look_eck)
    gateway = {GATEWAY: gateway_repository(engine.folder)}
    return kind.start(engine, EXAMPLES / f"datacenter{kind.SUFFIX}", archives, _over_https, gateway)


def _over_https(work: Path) -> None:
    """Https for ssh and its key: no SSH server runs here."""
    found = [path for path in work.glob("clusters/**/*.yaml") if SSH in path.read_text()]
    assert found
    for path in found:
        text = path.read_text()
        assert KEY in text or "kind: GitRepository" not in text
        path.write_text(text.replace(SSH, HTTPS).replace(KEY, ""))


def gateway_repository(folder: Path) -> Path:
    """Gateway API's own CRDs as the git repository that they come from, with the tag that is pinned."""
    work = folder / "gateway-api"
    shutil.copytree(kinds.gateway_folder(), work / "config" / "crd", copy_function=shutil.copyfile)
    made = Repository.create(work, folder / "gateway-api.git", "main")
    made.tag("v1.5.1")
    return made.bare


def meant(pod: Write) -> bool:
    """Whether a pod is meant to be in the mesh, by the answers of the example."""
    return pod.namespace in MESHED and not pod.answer["spec"].get("hostNetwork")


def expect_no_capability(example: Example) -> None:
    """No meshed pod asks for NET_ADMIN where the CNI plugin redirects; each validates its network."""
    for pod in example.engine.api.list("v1", "Pod"):
        if has_proxy(pod):
            assert "NET_ADMIN" not in str(pod["spec"]), pod["metadata"]["name"]
            assert any(one["name"] == "linkerd-network-validator" for one in pod["spec"]["initContainers"])
