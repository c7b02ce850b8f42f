"""A policy that generate writes is one that check has nothing against."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshwright.apps.generate import generate
from meshwright.check import check_repository
from meshwright.errors import ExitCode
from meshwright.scaffold import render
from support.repositories import write

APP = {
    "apps/p/kustomization.yaml": "resources: [web.yaml]\n",
    "apps/p/web.yaml": """
        apiVersion: v1
        kind: ServiceAccount
        metadata: {name: web, namespace: p}
        ---
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web, namespace: p}
        spec:
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              serviceAccountName: web
              containers: [{name: web, image: "nginx:1.27", ports: [{name: http, containerPort: 8080}]}]
    """,
    "apps/p/mesh.yaml": """
        schema_version: 1
        namespace: p
        createNamespace: true
        inject: enabled
        policy: {defaultInbound: deny, allowFrom: {apps: [p], prometheus: true}}
    """,
}


@pytest.mark.parametrize("engine", ["flux", "argocd"])
def test_prometheus_and_the_proxies(engine: str, tmp_path: Path) -> None:
    root = tmp_path / "repository"
    render({"engine": engine, "metrics": "install", "inject": "enabled"}, root)
    write(root, APP)

    assert generate(root, check=False, force=False, remember=False).exit_code is ExitCode.CLEAN

    assert "linkerd-admin" in (root / "mesh/apps/home/p/policy.yaml").read_text(encoding="utf-8")
    assert [f"{item.position} {item.id}" for item in check_repository(root).findings] == []
