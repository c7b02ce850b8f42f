"""RollingSync orders the Applications of an ApplicationSet by its steps."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshwright.check import check_repository
from support.repositories import deployment, write

_SET = """
    apiVersion: argoproj.io/v1alpha1
    kind: ApplicationSet
    metadata: {name: all, namespace: argocd}
    spec:
      strategy:
        type: TYPE
        rollingSync:
          steps:
          - matchExpressions: [{key: step, operator: In, values: ['0']}]
          - matchExpressions: [{key: step, operator: In, values: ['1']}]
      generators:
      - list: {elements: [{name: web, step: 'WEB'}, {name: linkerd, step: '0'}]}
      template:
        metadata: {name: '{{name}}', labels: {step: '{{step}}'}}
        spec:
          project: default
          destination: {server: https://kubernetes.default.svc, namespace: shop}
          source: {repoURL: "https://example.org/acme/fleet", targetRevision: HEAD, path: 'apps/{{name}}'}
          syncPolicy: {automated: {}}
"""


def _deployment(name: str, namespace: str, inject: str) -> str:
    text = deployment(name, namespace, inject=inject)
    return f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {namespace}}}\n---\n{text}"


@pytest.mark.parametrize(
    ("strategy", "step", "is_ordered"),
    [("RollingSync", "1", True), ("RollingSync", "0", False), ("AllAtOnce", "1", False)],
)
def test_steps_order_applications(tmp_path: Path, strategy: str, step: str, is_ordered: bool) -> None:
    folder = write(
        tmp_path,
        {
            "sets/all.yaml": _SET.replace("TYPE", strategy).replace("WEB", step),
            "apps/web/web.yaml": _deployment("web", "shop", "enabled"),
            "apps/linkerd/linkerd.yaml": _deployment("linkerd-proxy-injector", "linkerd", "disabled"),
        },
    )

    found = {item.id for item in check_repository(folder).findings}

    assert ("MW004" not in found) == is_ordered
