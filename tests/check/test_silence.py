"""What was not seen silences only findings that it could explain, and the report says which."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshwright.check import check_repository
from meshwright.check.report import Report
from support.repositories import GITOPS_SYNC, config_map, flux_kustomization, write

_SOURCE = """
    apiVersion: source.toolkit.fluxcd.io/v1
    kind: GitRepository
    metadata: {name: blog, namespace: flux-system}
    spec: {interval: 1m, url: "https://example.org/acme/blog"}
"""
_CONTROL_PLANE = """
    apiVersion: source.toolkit.fluxcd.io/v1
    kind: HelmRepository
    metadata: {name: linkerd, namespace: linkerd}
    spec: {interval: 1h, url: "https://helm.linkerd.io/edge"}
    ---
    apiVersion: helm.toolkit.fluxcd.io/v2
    kind: HelmRelease
    metadata: {name: linkerd-control-plane, namespace: linkerd}
    spec:
      interval: 1h
      chart:
        spec:
          chart: linkerd-control-plane
          version: 2026.5.2
          sourceRef: {kind: HelmRepository, name: linkerd}
      values: {identity: {externalCA: true, issuer: {scheme: kubernetes.io/tls}}}
"""


def _check(folder: Path, blog: str = "", **files: str) -> Report:
    """Check a control plane without certificates, beside a Kustomization ``blog`` of another repository."""
    foreign = flux_kustomization("blog", "./deploy", blog).replace(
        "GitRepository, name: flux-system", "GitRepository, name: blog"
    )
    content = {
        "clusters/home/sync.yaml": GITOPS_SYNC,
        "clusters/home/mesh.yaml": flux_kustomization("mesh", "./mesh"),
        "mesh/release.yaml": _CONTROL_PLANE,
    }
    content |= {"clusters/home/blog.yaml": foreign, "clusters/home/source.yaml": _SOURCE}
    return check_repository(write(folder, {**content, **files}))


def _severities(report: Report) -> dict[str, str]:
    return {item.id: item.severity.value for item in report.findings if item.id in ("MW202", "MW210")}


def _silenced(report: Report) -> list[str]:
    return [
        str(item.reason).rpartition(": ")[2] for item in report.not_seen if "did not report" in item.reason
    ]


def test_a_source_that_can_bring_anything_silences_and_is_named(tmp_path: Path) -> None:
    report = _check(tmp_path)

    assert _severities(report) == {}
    assert _silenced(report) == ["MW202 (1), MW210 (1), MW635 (1)"]


def test_a_source_with_another_target_namespace_silences_nothing(tmp_path: Path) -> None:
    report = _check(tmp_path, "targetNamespace: blog")

    # A Bundle has no namespace, so this Kustomization might bring it.
    assert _severities(report) == {"MW202": "error", "MW210": "warning"}
    assert "unless Kustomization flux-system/blog does" in next(
        item.message for item in report.findings if item.id == "MW210"
    )
    assert _silenced(report) == []


def test_a_source_with_the_same_target_namespace_silences(tmp_path: Path) -> None:
    assert _silenced(_check(tmp_path, "targetNamespace: linkerd")) == ["MW202 (1), MW210 (1)"]


def test_a_kustomization_for_another_cluster_silences_nothing(tmp_path: Path) -> None:
    report = _check(tmp_path, "kubeConfig: {secretRef: {name: other}}")

    assert _severities(report) == {"MW202": "error", "MW210": "error"}


@pytest.mark.parametrize(
    ("namespace", "silenced"), [("flux-system", []), ("blog", ["MW202 (1), MW210 (1), MW635 (1)"])]
)
def test_one_kubeconfig_name_in_two_namespaces_may_be_one_cluster(
    namespace: str, silenced: list[str], tmp_path: Path
) -> None:
    remote = "kubeConfig: {secretRef: {name: east}}"
    files = {
        "clusters/home/mesh.yaml": flux_kustomization("mesh", "./mesh", f"wait: true, {remote}"),
        "clusters/home/more.yaml": flux_kustomization("more", "./more", remote).replace(
            "namespace: flux-system}", f"namespace: {namespace}}}", 1
        ),
        "more/map.yaml": config_map("map"),
    }
    report = _check(tmp_path, "kubeConfig: {secretRef: {name: other}}", **files)

    assert _silenced(report) == silenced


@pytest.mark.parametrize(
    ("entry", "severities"),
    [
        (
            "https://github.com/cert-manager/cert-manager/releases/download/v1.18.0/cert-manager.yaml",
            {"MW202": "error", "MW210": "error"},
        ),
        (
            "https://github.com/kubernetes-sigs/gateway-api/config/crd?ref=v1.2.0",
            {"MW202": "error", "MW210": "error"},
        ),
        ("https://example.org/base/all.yaml", {}),
    ],
)
def test_a_release_of_a_public_project_brings_only_what_is_its_own(
    entry: str, severities: dict[str, str], tmp_path: Path
) -> None:
    files = {"mesh/kustomization.yaml": f"resources: ['{entry}', release.yaml]\n"}
    report = _check(tmp_path, "kubeConfig: {secretRef: {name: other}}", **files)

    assert _severities(report) == severities


def _application(project: str, namespace: str) -> str:
    return f"""
        apiVersion: argoproj.io/v1alpha1
        kind: Application
        metadata: {{name: blog, namespace: argocd}}
        spec:
          project: {project}
          destination: {{server: "https://kubernetes.default.svc", namespace: {namespace}}}
          source: {{repoURL: "https://example.org/acme/blog", path: deploy, targetRevision: main}}
    """


_PROJECT = """
    apiVersion: argoproj.io/v1alpha1
    kind: AppProject
    metadata: {name: blog, namespace: argocd}
    spec:
      sourceRepos: ["*"]
      destinations: [{server: "*", namespace: blog-*}]
"""


@pytest.mark.parametrize(
    ("project", "namespace", "severities"),
    [
        ("default", "argocd", {}),
        # It can reach any namespace, but is there for another one.
        ("default", "blog-prod", {"MW202": "warning", "MW210": "warning"}),
        ("blog", "blog-prod", {"MW202": "error", "MW210": "error"}),
    ],
)
def test_an_application_brings_what_its_project_allows(
    project: str, namespace: str, severities: dict[str, str], tmp_path: Path
) -> None:
    files = {
        "clusters/home/app.yaml": _application(project, namespace),
        "clusters/home/project.yaml": _PROJECT,
    }
    report = _check(tmp_path, "kubeConfig: {secretRef: {name: other}}", **files)

    assert _severities(report) == severities
