"""Answer `secrets: sops` on Flux: a Secret that is encrypted in Git is decrypted on the cluster."""

from __future__ import annotations

import base64
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from engine import operators
from engine.api import Object
from engine.builds import binary
from engine.deadlines import LONG
from engine.engine import Engine
from engine.flux import KUSTOMIZATION, NAMESPACE
from engine.flux_synced import Running
from engine.processes import wait_until
from meshwright.check import check_repository
from meshwright.scaffold import render

PASSWORD = "correct horse battery staple"
APPLICATION = """
apiVersion: v1
kind: Namespace
metadata:
  name: shop
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
  namespace: shop
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers:
        - name: shop
          image: example.org/shop:1
          envFrom: [{secretRef: {name: shop}}]
"""
SECRET = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "shop", "namespace": "shop"},
    "stringData": {"password": PASSWORD},
}


@pytest.fixture(scope="module")
def key(machine: None, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: ARG001
    """A new key of age."""
    file = tmp_path_factory.mktemp("key") / "age.agekey"
    _run(binary("age-keygen"), "--output", file)
    return file


@pytest.fixture(scope="module")
def source(key: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generated repository with an application whose Secret is not encrypted yet."""
    work = tmp_path_factory.mktemp("generated") / "home"
    render({"secrets": "sops", "metrics": "none"}, work)
    rules = work / ".sops.yaml"
    public = _run(binary("age-keygen"), "-y", key).strip()
    rules.write_text(rules.read_text().replace("REPLACE-WITH-THE-PUBLIC-KEY", public))
    shop = work / "apps" / "shop"
    shop.mkdir(parents=True)
    (shop / "kustomization.yaml").write_text("resources: [shop.yaml, secret.yaml]\n")
    (shop / "shop.yaml").write_text(APPLICATION)
    (shop / "secret.yaml").write_text(yaml.safe_dump(SECRET))
    meshwright = (sys.executable, "-m", "meshwright")
    _run(*meshwright, "app", "add", "shop", "--yes", "-C", work)
    _run(*meshwright, "generate", "-C", work)
    assert _findings(work) == {"MW902"}
    return work


@pytest.fixture(scope="module")
def encrypted(source: Path) -> Path:
    """The same with the Secret encrypted, as docs/secrets.md says."""
    _run(binary("sops"), "--encrypt", "--in-place", "apps/shop/secret.yaml", folder=source)
    return source


@pytest.fixture(scope="module")
def example(engine: Engine, encrypted: Path, archives: Path | None) -> Running:
    operators.install_k3s(engine.api)
    engine.operate(operators.look_k3s)
    return Running.start(engine, encrypted, archives)


def test_only_the_values_are_encrypted_and_the_check_is_clean(encrypted: Path) -> None:
    text = (encrypted / "apps/shop/secret.yaml").read_text()
    assert PASSWORD not in text
    assert yaml.safe_load(text)["metadata"] == SECRET["metadata"]
    assert _findings(encrypted) == set()


def test_nothing_is_read_before_the_key_is_on_the_cluster(example: Running) -> None:
    wait_until("a reason", lambda: "sops-age" in example.gitops.unready().get(NAMESPACE, ""), LONG)
    assert example.gitops.unready().keys() == {NAMESPACE}
    assert example.engine.api.get("v1", "Namespace", "shop") is None


def test_every_layer_and_the_application_become_ready_with_the_key(example: Running, key: Path) -> None:
    data = {key.name: base64.b64encode(key.read_bytes()).decode()}
    metadata = {"name": "sops-age", "namespace": NAMESPACE}
    example.engine.api.apply({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data})
    for one in example.engine.api.list(*KUSTOMIZATION):
        example.gitops.touch(one)
    example.wait(LONG)


def test_the_secret_is_decrypted_and_the_pod_starts_with_it(example: Running) -> None:
    secret: Object = example.engine.api.get("v1", "Secret", "shop", "shop") or {}
    assert base64.b64decode(secret["data"]["password"]).decode() == PASSWORD
    assert "sops" not in secret
    [pod] = example.engine.api.list("v1", "Pod", "shop")
    assert pod["status"]["phase"] == "Running"


def _findings(folder: Path) -> set[str]:
    return {finding.id for finding in check_repository(folder).findings}


def _run(*command: object, folder: Path | None = None) -> str:
    ended = subprocess.run(
        [str(part) for part in command], cwd=folder, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout
