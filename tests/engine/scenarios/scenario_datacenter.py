"""The opposite example on Flux: three of everything, Linkerd's CNI, a platform team's cert-manager."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from engine import existing, kinds, operators
from engine.audit import Write
from engine.engine import Engine
from engine.expectations import expect_meshed, expect_order, expect_ready
from engine.pods import has_proxy
from engine.synced import Running

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "datacenter"
MESHED = ("linkerd", "linkerd-gate", "linkerd-viz", "elastic", "velero", "traefik")
SSH, HTTPS = (
    "ssh://git@git.example.org/platform/datacenter.git",
    "https://git.example.org/platform/datacenter.git",
)


@pytest.fixture(scope="module")
def nodes() -> int:
    return 9


@pytest.fixture(scope="module")
def example(engine: Engine, archives: Path | None) -> Running:
    """What is there already, and the example, with https for ssh: no SSH server runs here."""
    existing.install_certificates(engine, archives, "ca-issuer")
    existing.install_monitoring(engine, "observability")
    engine.operate(operators.look_eck)

    def over_https(work: Path) -> None:
        sync = work / "clusters" / "datacenter" / "flux-system" / "gotk-sync.yaml"
        text = sync.read_text()
        assert SSH in text
        text = text.replace(SSH, HTTPS)
        assert "  secretRef:\n    name: flux-system\n" in text
        sync.write_text(text.replace("  secretRef:\n    name: flux-system\n", ""))

    gateway = {"https://github.com/kubernetes-sigs/gateway-api": gateway_repository(engine.folder)}
    return Running.start(engine, EXAMPLE, archives, over_https, gateway)


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


def test_every_layer_becomes_ready(example: Running) -> None:
    expect_ready(example)


def test_nothing_is_created_before_what_its_layer_needs(example: Running) -> None:
    expect_order(example)


def test_exactly_the_pods_meant_to_be_meshed_have_the_proxy(example: Running) -> None:
    expect_meshed(example, {"linkerd", "linkerd-viz", "elastic", "velero", "traefik"}, _meant)


def test_no_meshed_pod_asks_for_net_admin_where_the_cni_plugin_redirects(example: Running) -> None:
    for pod in example.engine.api.list("v1", "Pod"):
        if has_proxy(pod):
            assert "NET_ADMIN" not in str(pod["spec"]), pod["metadata"]["name"]
            assert any(one["name"] == "linkerd-network-validator" for one in pod["spec"]["initContainers"])


def _meant(pod: Write) -> bool:
    return pod.namespace in MESHED and not pod.answer["spec"].get("hostNetwork")
