"""What looks like a fault in a repository, and is none or a smaller one."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshwright.check import check_repository
from support.repositories import GITOPS_SYNC, config_map, flux_kustomization, write

_NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n"
_CRD = """
    apiVersion: apiextensions.k8s.io/v1
    kind: CustomResourceDefinition
    metadata: {name: webs.example.org}
    spec:
      group: example.org
      names: {kind: Web, plural: webs}
      scope: Namespaced
      versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
"""


@pytest.mark.parametrize(("content", "warned"), [(_NAMESPACE, False), (_CRD, True)])
def test_a_dependency_with_namespaces_alone_needs_no_wait(content: str, warned: bool, tmp_path: Path) -> None:
    files = {
        "clusters/home/sync.yaml": GITOPS_SYNC,
        "clusters/home/base.yaml": flux_kustomization("base", "./base"),
        "clusters/home/shop.yaml": flux_kustomization("shop", "./shop", "dependsOn: [{name: base}]"),
        "base/a.yaml": content,
        "shop/a.yaml": config_map("a", b="c"),
    }
    report = check_repository(write(tmp_path, files))

    assert any(item.id == "MW702" for item in report.findings) is warned


@pytest.mark.parametrize(("version", "severity"), [("23.1.0", "warning"), ("28.0.0", "error")])
def test_the_old_group_of_traefik_is_served_by_charts_of_traefik_v2(
    version: str, severity: str, tmp_path: Path
) -> None:
    release = (
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\n"
        "metadata: {name: traefik, namespace: traefik}\n"
        f"spec: {{interval: 1h, chart: {{spec: {{chart: traefik, version: {version}, "
        "sourceRef: {kind: HelmRepository, name: traefik}}}}\n"
    )
    route = "apiVersion: traefik.containo.us/v1alpha1\nkind: Middleware\nmetadata: {name: a, namespace: a}\n"
    files = {"kustomization.yaml": "resources: [release.yaml, route.yaml]\n", "release.yaml": release}
    report = check_repository(write(tmp_path, {**files, "route.yaml": route}))

    assert [item.severity.value for item in report.findings if item.id == "MW601"] == [severity]


@pytest.mark.parametrize(("folder", "missing"), [("infra/setup", False), ("clusters/other", True)])
def test_what_is_applied_by_hand_may_be_on_the_cluster(folder: str, missing: bool, tmp_path: Path) -> None:
    source = (
        "---\napiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\n"
        "metadata: {name: flux-system, namespace: flux-system}\n"
        'spec: {interval: 1m, url: "https://example.org/fleet"}\n'
    )
    files = {
        f"{folder}/base.yaml": flux_kustomization("base", "./base") + source,
        "clusters/home/root.yaml": flux_kustomization("home", "./clusters/home", "dependsOn: [{name: base}]"),
        "base/a.yaml": config_map("a", b="c"),
    }
    report = check_repository(write(tmp_path, files))

    assert any(item.id == "MW701" for item in report.findings) is missing


_OPERATOR = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: operator, namespace: storage}
spec:
  selector: {matchLabels: {app: operator}}
  template:
    metadata: {labels: {app: operator}}
    spec: {containers: [{name: operator, image: "example.org/operator:1"}]}
"""
# Both select pods that the operator makes.
_FOR_ITS_PODS = """
---
apiVersion: v1
kind: Service
metadata: {name: engine, namespace: storage}
spec: {selector: {app: engine}, ports: [{port: 80}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: engine, namespace: storage}
spec: {podSelector: {matchLabels: {app: engine}}, policyTypes: [Ingress]}
"""


@pytest.mark.parametrize("where", ["the chart", "the repository", "nothing but manifests"])
def test_the_operator_of_a_chart_may_make_the_pods(where: str, tmp_path: Path) -> None:
    application = (
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: storage, namespace: argocd}\n"
        "spec:\n  project: default\n"
        "  destination: {server: https://kubernetes.default.svc, namespace: storage}\n"
        "  source: {repoURL: https://example.org/fleet.git, targetRevision: main, path: overlays/storage}\n"
    )
    entry = (
        "{name: storage, repo: https://example.org, version: 1.0.0, releaseName: storage, namespace: storage}"
    )
    files = {
        "clusters/home/storage.yaml": application,
        # The chart is in a folder that the Application reaches through another.
        "overlays/storage/kustomization.yaml": "resources: [../../apps/storage, own.yaml]\n",
        "overlays/storage/own.yaml": config_map("a", b="c"),
        "apps/storage/kustomization.yaml": f"helmCharts: [{entry}]\n",
    }
    template = _OPERATOR
    if where == "the chart":
        template += _FOR_ITS_PODS
    elif where == "the repository":
        files["overlays/storage/own.yaml"] = _FOR_ITS_PODS
    else:
        files["apps/storage/kustomization.yaml"] = "resources: [operator.yaml]\n"
        files["apps/storage/operator.yaml"] = _OPERATOR + _FOR_ITS_PODS
    chart = {"Chart.yaml": "apiVersion: v2\nname: storage\nversion: 1.0.0\n", "templates/all.yaml": template}
    charts = write(tmp_path / "charts", {f"storage/{path}": text for path, text in chart.items()})
    report = check_repository(write(tmp_path / "repository", files), charts=charts)

    assert not [line for line in report.not_seen if "not rendered" in str(line)]
    found = sorted(item.id for item in report.findings if item.id in ("MW653", "MW672"))
    assert found == (["MW653", "MW672"] if where == "nothing but manifests" else [])
