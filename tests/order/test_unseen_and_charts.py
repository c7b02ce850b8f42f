"""Order with charts that are not rendered, a control plane of another repository, and syncs by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshwright.check import check_repository
from meshwright.check.report import Report
from support.repositories import GITOPS_SYNC, flux_kustomization, write

_NAMESPACE = (
    "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, annotations: {linkerd.io/inject: enabled}}\n"
)
_DEPLOYMENT = """
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web, namespace: shop}
    spec:
      selector: {matchLabels: {app: web}}
      template:
        metadata: {labels: {app: web}}
        spec: {containers: [{name: web, image: "nginx:1.27"}]}
"""


def _release(name: str, namespace: str, chart: str, more: str = "") -> str:
    return (
        "apiVersion: helm.toolkit.fluxcd.io/v2\n"
        "kind: HelmRelease\n"
        f"metadata: {{name: {name}, namespace: {namespace}}}\n"
        f"spec: {{interval: 1h, chart: {{spec: {{chart: {chart}, version: 1.2.3, "
        f"sourceRef: {{kind: HelmRepository, name: x, namespace: flux-system}}}}}}{more}}}\n"
    )


def _races(report: Report) -> list[tuple[str, str]]:
    found = [item for item in report.findings if item.id in ("MW004", "MW005")]
    return [(item.id, item.severity.value) for item in found]


def _flux(folder: Path, app: str, shop: str, **files: str) -> Report:
    """Check Linkerd in Kustomization ``mesh`` and ``app`` in another one, whose spec has ``shop``."""
    content = {
        "clusters/home/sync.yaml": GITOPS_SYNC,
        "clusters/home/mesh.yaml": flux_kustomization("mesh", "./mesh", "wait: true"),
        "clusters/home/shop.yaml": flux_kustomization("shop", "./shop", shop),
        "mesh/release.yaml": _release("linkerd-control-plane", "linkerd", "linkerd-control-plane"),
        "shop/namespace.yaml": _NAMESPACE,
        "shop/app.yaml": app,
    }
    return check_repository(write(folder, {**content, **files}))


@pytest.mark.parametrize(
    ("chart", "more", "races"),
    [
        ("podinfo", "", [("MW004", "error")]),
        ("podinfo", ", values: {podAnnotations: {linkerd.io/inject: disabled}}", []),
        ("podinfo", ", valuesFrom: [{kind: Secret, name: elsewhere}]", []),
        ("prometheus-operator-crds", "", []),
        ("podinfo", ", dependsOn: [{name: linkerd-control-plane, namespace: linkerd}]", []),
    ],
)
def test_any_chart_in_a_meshed_namespace_has_meshed_pods(
    chart: str, more: str, races: list[tuple[str, str]], tmp_path: Path
) -> None:
    assert _races(_flux(tmp_path, _release("app", "shop", chart, more), "")) == races


def test_values_that_ask_for_injection_count_in_any_namespace(tmp_path: Path) -> None:
    app = _release("app", "other", "podinfo", ", values: {podAnnotations: {linkerd.io/inject: enabled}}")

    assert _races(_flux(tmp_path, app, "")) == [("MW004", "error")]


@pytest.mark.parametrize(
    ("expression", "races"),
    [
        ("'true'", [("MW004", "error")]),
        ("'dep.status.conditions.exists(c, c.type == \"Ready\")'", [("MW004", "error")]),
        ('\'dep.status.conditions.exists(c, c.type == "Ready" && c.status == "True")\'', []),
    ],
)
def test_ready_expr_replaces_the_check_for_ready(
    expression: str, races: list[tuple[str, str]], tmp_path: Path
) -> None:
    shop = f"dependsOn: [{{name: mesh, readyExpr: {expression}}}]"

    assert _races(_flux(tmp_path, _DEPLOYMENT, shop)) == races


_PLATFORM = """
    apiVersion: source.toolkit.fluxcd.io/v1
    kind: GitRepository
    metadata: {name: platform, namespace: flux-system}
    spec: {interval: 1m, url: "https://example.org/acme/platform"}
"""


@pytest.mark.parametrize(
    ("name", "shop", "races"),
    [
        ("linkerd", "", [("MW004", "warning")]),
        ("linkerd", "dependsOn: [{name: linkerd}]", []),
        # Nothing says that it has to do with Linkerd.
        ("blog", "", []),
    ],
)
def test_a_control_plane_of_another_repository(
    name: str, shop: str, races: list[tuple[str, str]], tmp_path: Path
) -> None:
    platform = flux_kustomization(name, "./deploy", "wait: true")
    files = {
        "clusters/home/mesh.yaml": platform.replace(
            "GitRepository, name: flux-system", "GitRepository, name: platform"
        ),
        "clusters/home/platform.yaml": _PLATFORM,
        "mesh/release.yaml": "{}\n",
    }

    assert _races(_flux(tmp_path, _DEPLOYMENT, shop, **files)) == races


def _application(name: str, source: str, policy: str = "automated: {}", wave: str = "0") -> str:
    return f"""
        apiVersion: argoproj.io/v1alpha1
        kind: Application
        metadata: {{name: {name}, namespace: argocd, annotations: {{argocd.argoproj.io/sync-wave: "{wave}"}}}}
        spec:
          project: default
          destination: {{server: "https://kubernetes.default.svc", namespace: {name}}}
          source: {{{source}}}
          syncPolicy: {{{policy}}}
    """


_OWN = 'repoURL: "https://example.org/fleet", targetRevision: HEAD'
_LINKERD = 'repoURL: "https://helm.linkerd.io/edge", chart: linkerd-control-plane, targetRevision: 2026.5.2'


def _argocd(
    folder: Path, place: str = "apps/shop.yaml", policy: str = "automated: {}", **files: str
) -> Report:
    content = {
        "root.yaml": _application("root", f"{_OWN}, path: apps"),
        "apps/linkerd.yaml": _application("linkerd", _LINKERD),
        place: _application("shop", f"{_OWN}, path: shop", policy),
        "shop/namespace.yaml": _NAMESPACE,
        "shop/app.yaml": _DEPLOYMENT,
    }
    return check_repository(write(folder, {**content, **files}))


def test_applications_of_one_wave_race(tmp_path: Path) -> None:
    assert _races(_argocd(tmp_path)) == [("MW004", "error")]


@pytest.mark.parametrize("policy", ["syncOptions: []", "automated: {enabled: false}"])
def test_the_order_of_syncs_by_hand_is_the_users(policy: str, tmp_path: Path) -> None:
    assert _races(_argocd(tmp_path, policy=policy)) == []


def test_a_chart_that_a_user_syncs_is_not_rendered_again_by_argocd(tmp_path: Path) -> None:
    linkerd = _application("linkerd", _LINKERD, "syncOptions: []")
    report = _argocd(tmp_path, **{"apps/linkerd.yaml": linkerd})

    levels = {item.id: item.severity.value for item in report.findings if item.id in ("MW225", "MW226")}
    assert levels == {"MW225": "warning", "MW226": "warning"}


def test_an_application_in_a_folder_that_is_not_read_is_judged_but_has_no_place_in_the_order(
    tmp_path: Path,
) -> None:
    report = _argocd(tmp_path, "apps/disabled/shop.yaml")

    assert _races(report) == []
    assert "shop" in [root.path for root in report.roots]
    assert [item.subject for item in report.not_seen if "nothing applies it" in item.reason] == [
        "Application argocd/shop"
    ]


def test_annotations_of_a_managed_namespace_count(tmp_path: Path) -> None:
    policy = (
        "automated: {}, syncOptions: [CreateNamespace=true], "
        "managedNamespaceMetadata: {annotations: {linkerd.io/inject: enabled}}"
    )
    empty = {"shop/namespace.yaml": "{}\n"}

    assert _races(_argocd(tmp_path / "a", policy=policy, **empty)) == [("MW004", "error")]
    assert _races(_argocd(tmp_path / "b", **empty)) == []


def test_the_report_names_what_the_order_assumes(tmp_path: Path) -> None:
    shop = {"apps/shop.yaml": _application("shop", f"{_OWN}, path: shop", wave="1")}
    settings = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: argocd-cm, namespace: argocd}\ndata: {x: y}\n"
    )

    def assumed(report: Report) -> list[str]:
        return [str(item.position) for item in report.not_seen if "the order assumes" in item.reason]

    assert assumed(_argocd(tmp_path / "a", **shop)) == ["apps/linkerd.yaml:3:90"]
    assert assumed(_argocd(tmp_path / "b", **shop, **{"apps/settings.yaml": settings})) == []
