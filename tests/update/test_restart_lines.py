"""What a preview says about the pods that restart, may restart, or must be restarted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from meshwright.difference import compare
from meshwright.linkerd.upgrades import restarts
from meshwright.update.restartlines import changes_by_layer, restart_lines
from support.argocd import application, write_archive
from support.repositories import GITOPS_SYNC, flux_kustomization, write
from support.shop import ARGO, RELEASE

Said = Callable[[Mapping[str, str], Mapping[str, str]], list[str]]
K3S = """
    apiVersion: helm.cattle.io/v1
    kind: HelmChartConfig
    metadata: {name: traefik, namespace: kube-system}
    spec:
      valuesContent: |
        deployment: {replicas: 1}
"""
NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {a: b}, annotations: {c: d}}\n"


@pytest.fixture
def said(tmp_path: Path) -> Said:
    def lines(files: Mapping[str, str], edits: Mapping[str, str]) -> list[str]:
        difference = compare(write(tmp_path / "old", files), write(tmp_path / "new", {**files, **edits}))
        changed = changes_by_layer(difference)
        found = [item for layer, names in changed.items() for item in restarts(layer, names)]
        return list(restart_lines(difference, found))

    return lines


def layer(name: str, text: str) -> dict[str, str]:
    return {
        "clusters/home/flux-system/sync.yaml": GITOPS_SYNC,
        "clusters/home/layer.yaml": flux_kustomization(name, f"./platform/home/{name}"),
        f"platform/home/{name}/kustomization.yaml": "resources: [object.yaml]\n",
        f"platform/home/{name}/object.yaml": text,
    }


def test_values_of_a_chart_that_is_not_rendered_may_restart_its_pods(said: Said) -> None:
    assert said(RELEASE, {"viz/values.yaml": "dashboard:\n  replicas: 2\n  hosts: [a, b]\n"}) == [
        "pods that may restart, because their chart or its values change:",
        "  HelmRelease viz/viz",
    ]


def test_a_comment_in_values_restarts_nothing(said: Said) -> None:
    assert said(RELEASE, {"viz/values.yaml": f"# why\n{RELEASE['viz/values.yaml']}"}) == []


def test_the_interval_of_a_release_restarts_nothing(said: Said) -> None:
    edited = RELEASE["viz/release.yaml"].replace("interval: 1h", "interval: 2h")

    assert said(RELEASE, {"viz/release.yaml": edited}) == []


def test_a_chart_of_argo_cd(said: Said) -> None:
    edits = {"apps/web/values.yaml": "replicas: 2\n"}

    assert said(ARGO, edits)[1:] == ["  Chart web/tiny"]


def test_the_pods_of_a_rendered_chart_are_known(tmp_path: Path) -> None:
    kustomization = ARGO["apps/web/kustomization.yaml"].split("patches")[0] + "\n"
    files = {**ARGO, "apps/web/kustomization.yaml": kustomization}
    write_archive(tmp_path / "charts", tmp_path / "scratch")

    difference = compare(
        write(tmp_path / "old", files),
        write(tmp_path / "new", {**files, "apps/web/values.yaml": "replicas: 2\n"}),
        charts=tmp_path / "charts",
    )

    assert [item.kind for _, item in difference.objects()] == ["Chart", "Deployment"]
    assert list(restart_lines(difference, ())) == []


def test_values_for_the_traefik_of_k3s(said: Said) -> None:
    files = layer("traefik", K3S)

    edited = K3S.replace("replicas: 1", "replicas: 2")
    assert said(files, {"platform/home/traefik/object.yaml": edited})[1:] == [
        "  HelmChartConfig kube-system/traefik"
    ]


def test_a_comment_for_the_traefik_of_k3s(said: Said) -> None:
    edited = K3S.replace("        deployment", "        # why\n        deployment")

    assert said(layer("traefik", K3S), {"platform/home/traefik/object.yaml": edited}) == []


@pytest.mark.parametrize(
    ("old", "new", "restart"),
    [("a: b", "a: z", False), ("c: d", "c: z", False), ("c: d", "c: d, linkerd.io/inject: enabled", True)],
)
def test_only_what_pods_inherit_of_a_namespace_is_a_reason(
    said: Said, old: str, new: str, restart: bool
) -> None:
    edits = {"platform/home/namespaces/object.yaml": NAMESPACE.replace(old, new)}

    assert bool(said(layer("namespaces", NAMESPACE), edits)) is restart


def test_the_values_that_are_the_reason_are_named(said: Said) -> None:
    files = {path.replace("viz/", "mesh/"): text.replace("viz", "mesh") for path, text in RELEASE.items()}
    files["clusters/home/viz.yaml"] = flux_kustomization("linkerd-control-plane", "./mesh")
    edits = {"mesh/values.yaml": f"{files['mesh/values.yaml']}proxy: {{logLevel: debug, resources: {{}}}}\n"}

    assert said(files, edits)[-1].startswith(
        "  every meshed pod, for proxy.logLevel, proxy.resources of layer linkerd-control-plane: "
    )


def test_an_application_with_a_chart_of_its_own(said: Said) -> None:
    chart = application("viz", "chart: viz, targetRevision: 1.0.0, helm: {valuesObject: {a: 1}}")
    edits = {"argocd/viz.yaml": chart.replace("1.0.0", "1.1.0")}

    assert said({**ARGO, "argocd/viz.yaml": chart}, edits)[1:] == ["  Chart viz/viz"]
