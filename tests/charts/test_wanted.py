"""Every way in which a repository names a chart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from meshwright.charts.wanted import wanted_charts
from meshwright.yaml import dump, dump_all
from support.chartservers import from_registry, from_repository, release, write

URL = "https://charts.example.org/stable"

pytestmark = pytest.mark.usefixtures("charts")


def named(repo: Path) -> list[tuple[str, str, str]]:
    """Source, name and version of each chart."""
    return [chart.key for chart in wanted_charts(repo)[0]]


def skipped(repo: Path) -> list[str]:
    return [fault.reason for fault in wanted_charts(repo)[1]]


def application(*sources: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": "web", "namespace": "argocd"},
        "spec": {
            "project": "default",
            "destination": {"server": "https://kubernetes.default.svc", "namespace": "shop"},
            **({"source": sources[0]} if len(sources) == 1 else {"sources": list(sources)}),
        },
    }


def test_a_helmrelease(repo: Path) -> None:
    write(repo / "apps/web", *from_repository(f"{URL}/", "~1.2"))
    assert named(repo) == [(URL, "web", "~1.2")]


def test_a_helmrelease_through_a_helmchart(repo: Path) -> None:
    chart = {
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "HelmChart",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"chart": "web", "version": "1.x", "sourceRef": {"kind": "HelmRepository", "name": "charts"}},
    }
    objects = [release("web", {"chartRef": {"kind": "HelmChart", "name": "web"}}), chart]
    write(repo / "apps/web", *objects, from_repository(URL)[1])
    assert named(repo) == [(URL, "web", "1.x")]


@pytest.mark.parametrize(
    ("ref", "wanted"),
    [
        ({"tag": "1.0.0"}, "1.0.0"),
        ({"tag": "1.0.0", "semver": "1.x"}, "1.x"),
        ({"semver": "1.x", "digest": "sha256:" + "0" * 64}, "sha256:" + "0" * 64),
        ({}, "latest"),
    ],
)
def test_an_ocirepository(repo: Path, ref: dict[str, str], wanted: str) -> None:
    write(repo / "apps/web", *from_registry("oci://registry.example.org/charts/web", **ref))
    assert named(repo) == [("oci://registry.example.org/charts", "web", wanted)]


def test_a_helmrelease_that_nothing_builds_yet(repo: Path) -> None:
    """An application before `app add`: without kustomization.yaml and namespace, its source elsewhere."""
    one, source = from_repository(URL)
    del one["metadata"]["namespace"]
    (repo / "apps/web").mkdir()
    (repo / "apps/web/release.yaml").write_text(dump(one))
    write(repo / "sources", source)
    assert named(repo) == [(URL, "web", "1.0.0")]


def test_a_version_that_an_overlay_patches(repo: Path) -> None:
    write(repo / "base", *from_repository(URL))
    (repo / "cluster").mkdir()
    patch = {
        "target": {"kind": "HelmRelease"},
        "patch": '[{"op": "replace", "path": "/spec/chart/spec/version", "value": "2.0.0"}]',
    }
    (repo / "cluster/kustomization.yaml").write_text(dump({"resources": ["../base"], "patches": [patch]}))
    assert named(repo) == [(URL, "web", "2.0.0")]


def test_applications(repo: Path) -> None:
    sources = [
        {"repoURL": URL, "chart": "web", "targetRevision": "1.*"},
        {"repoURL": "registry.example.org/team", "chart": "charts/db", "targetRevision": "2.0.0"},
        {"repoURL": "https://git.example.org/other.git", "path": "chart", "targetRevision": "main"},
    ]
    write(repo / "argocd", application(*sources))
    assert named(repo) == [("oci://registry.example.org/team/charts", "db", "2.0.0"), (URL, "web", "1.*")]


def test_helmcharts(repo: Path) -> None:
    (repo / "apps/web").mkdir()
    entries = [
        {"name": "web", "repo": URL, "version": "1.0.0", "releaseName": "web"},
        {"name": "db", "repo": "oci://registry.example.org/charts", "version": "2.0.0", "releaseName": "db"},
    ]
    (repo / "apps/web/kustomization.yaml").write_text(dump({"helmCharts": entries}))
    assert named(repo) == [("oci://registry.example.org/charts", "db", "2.0.0"), (URL, "web", "1.0.0")]


@pytest.mark.parametrize("locked", ["", "1.4.2"])
def test_dependencies_of_a_chart(repo: Path, locked: str) -> None:
    (repo / "apps/own/charts/near").mkdir(parents=True)
    entries = [
        {"name": "web", "repository": URL, "version": "1.x"},
        {"name": "near", "repository": "file://../near", "version": "1.0.0"},
        {"name": "inside", "version": "1.0.0"},
    ]
    chart = {"apiVersion": "v2", "name": "own", "version": "0.1.0", "dependencies": entries}
    (repo / "apps/own/Chart.yaml").write_text(dump(chart))
    if locked:
        lock = {"dependencies": [{"name": "web", "repository": URL, "version": locked}]}
        (repo / "apps/own/Chart.lock").write_text(dump(lock))
    (repo / "kustomization.yaml").write_text("resources: []\n")
    assert (named(repo), skipped(repo)) == ([(URL, "web", locked or "1.x")], [])


def test_one_chart_of_two_applications_is_pulled_once(repo: Path) -> None:
    write(repo / "apps/one", *from_repository(URL))
    write(repo / "apps/two", *from_repository(URL))
    (chart,) = wanted_charts(repo)[0]
    assert [place.path for place in chart.places] == ["apps/one/web.yaml", "apps/two/web.yaml"]


def test_what_cannot_be_pulled(repo: Path) -> None:
    git = {
        "chart": {"spec": {"chart": "./charts/web", "sourceRef": {"kind": "GitRepository", "name": "app"}}}
    }
    write(repo / "apps/git", release("git", git))
    write(repo / "apps/away", release("away", {"chartRef": {"kind": "OCIRepository", "name": "away"}}))
    write(repo / "apps/variable", *from_repository(URL, "${VERSION}"))
    (repo / "apps/own").mkdir()
    entry = {"name": "alias", "repository": "@bitnami", "version": "1.0.0"}
    (repo / "apps/own/Chart.yaml").write_text(dump({"name": "own", "dependencies": [entry]}))
    assert sorted(skipped(repo)) == [
        "chart alias comes from @bitnami, which is not the URL of a repository",
        "chart web ${VERSION} has a variable that only the cluster knows",
        "chart web comes from no Helm repository or registry that this repository names",
        "its source is not in the repository",
    ]


def test_a_folder_without_anything(repo: Path) -> None:
    (repo / "README.md").write_text("text\n")
    assert wanted_charts(repo) == ([], [])


def test_a_broken_file_hides_no_other(repo: Path) -> None:
    write(repo / "apps/web", *from_repository(URL))
    (repo / "apps/broken.yaml").write_text("apiVersion: helm.toolkit.fluxcd.io/v2\n a: [\n")
    (repo / "apps/two.yaml").write_text(dump_all(from_repository(URL, "3.0.0")))
    assert named(repo) == [(URL, "web", "1.0.0"), (URL, "web", "3.0.0")]
