"""Differences of releases: values key by key, versions, charts that are not at hand."""

from __future__ import annotations

from pathlib import Path

from meshwright.difference import compare, text
from support.argocd import application, write_archive
from support.repositories import write
from support.shop import ARGO, RELEASE, Told


def test_values_are_compared_key_by_key_and_charts_by_version(told: Told) -> None:
    edits = {
        "viz/values.yaml": "dashboard:\n  replicas: 2\n  hosts: [a, b]\n  new: true\n",
        "viz/release.yaml": RELEASE["viz/release.yaml"].replace("1.0.0", "1.1.0"),
    }

    assert told(RELEASE, edits)[1:-2] == [
        "  ~ ConfigMap viz/viz-values: values of HelmRelease viz/viz; new name suffix",
        "    + values.yaml dashboard.new: true",
        "      values.yaml dashboard.replicas: 1 -> 2",
        "      followed by HelmRelease viz/viz",
        "  ~ HelmRelease viz/viz: chart linkerd-viz 1.0.0 -> 1.1.0",
        "      spec.chart.spec.version: 1.0.0 -> 1.1.0",
    ]


def test_a_comment_in_values_is_said_as_text(told: Told) -> None:
    edits = {"viz/values.yaml": f"# why\n{RELEASE['viz/values.yaml']}"}

    lines = told(RELEASE, edits)

    assert lines[1] == "  ~ ConfigMap viz/viz-values: values of HelmRelease viz/viz; new name suffix"
    assert lines[2] == "      data['values.yaml']: only comments or layout"


def test_charts_of_a_folder_that_nothing_reaches(told: Told) -> None:
    chart = "helmCharts: [{name: viz, version: 1.0.0, repo: 'https://charts.example.org'}]\n"

    lines = told(
        {"viz/kustomization.yaml": chart}, {"viz/kustomization.yaml": chart.replace("1.0.0", "1.1.0")}
    )

    assert lines[:3] == [
        "folder viz",
        "  ~ Chart viz: chart viz 1.0.0 -> 1.1.0",
        "      version: 1.0.0 -> 1.1.0",
    ]
    assert "its helmCharts need Helm and the chart" in lines[5]


def test_a_chart_of_argo_cd_that_is_not_at_hand(told: Told) -> None:
    edits = {
        "apps/web/values.yaml": "replicas: 2\n",
        "apps/web/kustomization.yaml": ARGO["apps/web/kustomization.yaml"].replace("1.2.3", "1.3.0"),
        "apps/web/patch.yaml": "- {op: replace, path: /spec/paused, value: false}",
    }

    assert told(ARGO, edits)[:6] == [
        "Application argocd/web (apps/web)",
        "  ~ Chart web/tiny: chart tiny 1.2.3 -> 1.3.0",
        "      patches[0].patch:",
        "        - - {op: replace, path: /spec/paused, value: true}",
        "        + - {op: replace, path: /spec/paused, value: false}",
        "      values.replicas: 1 -> 2",
    ]


def test_a_chart_that_is_at_hand_in_one_version(tmp_path: Path) -> None:
    files = {
        **ARGO,
        "apps/web/kustomization.yaml": ARGO["apps/web/kustomization.yaml"].split("patches")[0] + "\n",
    }
    write_archive(tmp_path / "charts", tmp_path / "scratch")
    old = write(tmp_path / "old", files)
    same = write(tmp_path / "same", {**files, "apps/web/values.yaml": "replicas: 2\n"})
    newer = {
        **files,
        "apps/web/kustomization.yaml": files["apps/web/kustomization.yaml"].replace("1.2.3", "1.3.0"),
    }
    new = write(tmp_path / "new", newer)

    lines = text.render(compare(old, same, charts=tmp_path / "charts")).splitlines()
    bumped = text.render(compare(old, new, charts=tmp_path / "charts")).splitlines()

    assert "  ~ Deployment web/tiny" in lines
    assert "      spec.replicas: 1 -> 2" in lines
    assert bumped[1] == "  ~ Chart web/tiny: chart tiny 1.2.3 -> 1.3.0"
    assert not [line for line in bumped if "Deployment" in line]
    assert (
        "  Application argocd/web (new): "
        "chart tiny is available in one version only; its rendered objects are not compared" in bumped
    )


def test_an_application_with_a_chart_of_its_own(told: Told) -> None:
    chart = application("viz", "chart: viz, targetRevision: 1.0.0, helm: {valuesObject: {a: 1}}")
    edits = {"argocd/viz.yaml": chart.replace("1.0.0", "1.1.0").replace("a: 1", "a: 2")}

    lines = told({**ARGO, "argocd/viz.yaml": chart}, edits)

    assert "  ~ Application argocd/viz: chart viz 1.0.0 -> 1.1.0" in lines
    assert "  ~ Chart viz/viz: chart viz 1.0.0 -> 1.1.0" in lines
    assert "      values.a: 1 -> 2" in lines
