"""Which Applications are looked at, in which form, and which repository they read."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshwright.check.cached import check_remembered
from meshwright.check.report import Report
from support.argocd import application, write_chart
from support.repositories import GITOPS_SYNC, check, config_map, flux_kustomization, lines, write

FAULTY = config_map("web") + "datta: {}\n"
WEB_FAULT = "apps/web/map.yaml:5:1 kubeconform/unknown-field"


def roots(report: Report) -> list[tuple[str, str, str]]:
    return [(root.kind, root.path, root.cluster) for root in report.roots if root.kind == "argocd"]


def test_a_patched_application_is_checked_in_its_final_form(tmp_path: Path) -> None:
    patch = """
        resources: [web.yaml]
        patches:
          - target: {kind: Application}
            patch: |
              - {op: replace, path: /spec/source/path, value: apps/web}
        """
    report = check(
        tmp_path,
        {
            "clusters/home/argocd/root.yaml": application("root", "path: clusters/home/apps"),
            "clusters/home/apps/kustomization.yaml": patch,
            "clusters/home/apps/web.yaml": application("web", "path: apps/to-be-patched"),
            "apps/web/map.yaml": FAULTY,
        },
    )

    assert lines(report) == [WEB_FAULT]
    assert roots(report) == [
        ("argocd", "apps/web", "clusters/home"),
        ("argocd", "clusters/home/apps", "clusters/home"),
    ]


def test_flux_may_bring_applications(tmp_path: Path) -> None:
    report = check(
        tmp_path,
        {
            "clusters/home/flux-system/sync.yaml": GITOPS_SYNC,
            "clusters/home/apps.yaml": flux_kustomization("apps", "./argo"),
            "argo/web.yaml": application("web", "path: apps/web"),
            "apps/web/map.yaml": FAULTY,
        },
    )

    assert lines(report) == [WEB_FAULT]
    assert roots(report) == [("argocd", "apps/web", "clusters/home")]


def test_a_parent_gives_its_cluster(tmp_path: Path) -> None:
    report = check(
        tmp_path,
        {
            "clusters/home/root.yaml": application("root", "path: argo"),
            "argo/web.yaml": application("web", "path: apps/web"),
            "apps/web/map.yaml": config_map("web"),
        },
    )

    assert roots(report) == [("argocd", "apps/web", "clusters/home"), ("argocd", "argo", "clusters/home")]


def test_applications_in_a_circle_are_looked_at(tmp_path: Path) -> None:
    report = check(
        tmp_path,
        {
            "a/b.yaml": application("b", "path: b"),
            "b/a.yaml": application("a", "path: a"),
            "b/map.yaml": FAULTY,
        },
    )

    assert lines(report) == ["b/a.yaml:1:1 MW003", "b/map.yaml:5:1 kubeconform/unknown-field"]


def test_a_lone_application_is_validated(tmp_path: Path) -> None:
    report = check(
        tmp_path,
        {"web.yaml": application("web", "path: web") + "  colour: red\n", "web/map.yaml": config_map("x")},
    )

    assert lines(report) == ["web.yaml:8:3 kubeconform/unknown-field"]


def test_an_application_that_no_kustomization_takes_in_is_switched_off(tmp_path: Path) -> None:
    report = check(
        tmp_path,
        {
            "apps/kustomization.yaml": "resources: [map.yaml]",
            "apps/map.yaml": config_map("x"),
            "apps/web.yaml": application("web", "path: gone"),
        },
    )

    assert lines(report) == []
    assert roots(report) == []


@pytest.mark.parametrize(
    "remote", ["git@git.example.org:home/cluster", "https://git.example.org/home/cluster.git"]
)
def test_a_remote_of_the_checkout_is_the_own_repository(tmp_path: Path, remote: str) -> None:
    write(
        tmp_path,
        {
            "web.yaml": application("web", "path: gone"),
            ".git/config": f'[remote "origin"]\n\turl = {remote}\n',
        },
    )

    assert lines(check(tmp_path, {})) == ["web.yaml:6:71 build/missing-path"]


def test_without_any_evidence_a_repository_is_another(tmp_path: Path) -> None:
    report = check(tmp_path, {"web.yaml": application("web", "path: gone")})

    assert lines(report) == []
    assert len(report.not_seen) == 1


def test_a_set_that_an_application_brings(tmp_path: Path) -> None:
    generators = "[{list: {elements: [{name: web}, {name: gone}]}}]"
    template = (
        "{metadata: {name: '{{name}}'}, spec: {project: default, source: {repoURL: "
        "'https://git.example.org/home/cluster.git', path: 'apps/{{name}}'}, "
        "destination: {name: in-cluster}}}"
    )
    applications = (
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: apps, namespace: argocd}\n"
        f"spec:\n  generators: {generators}\n  template: {template}\n"
    )
    report = check(
        tmp_path,
        {
            "clusters/home/root.yaml": application("root", "path: clusters/home"),
            "clusters/home/apps.yaml": applications,
            "apps/web/map.yaml": FAULTY,
        },
    )

    assert lines(report) == [WEB_FAULT, "clusters/home/apps.yaml:6:137 build/missing-path"]


@pytest.mark.parametrize(
    ("generator", "taken"),
    [
        ("directories: [{path: 'apps/*'}]", ["apps/web"]),
        # Go's path.Match knows no ** that goes deeper.
        ("directories: [{path: 'apps/**'}]", ["apps/web"]),
        ("directories: [{path: 'apps/*/*'}]", ["apps/web/deep"]),
        ("directories: [{path: 'apps/{web,x}'}]", []),
        # git ls-files lets a star go on behind a slash, and takes a folder for all that is in it.
        ("files: [{path: 'apps/*.json'}]", ["apps/web", "apps/web/deep"]),
        ("files: [{path: apps/web/deep}]", ["apps/web/deep"]),
        ("files: [{path: 'apps/*.json'}, {path: 'apps/web/deep', exclude: true}]", ["apps/web"]),
    ],
)
def test_what_a_git_generator_takes(tmp_path: Path, generator: str, taken: list[str]) -> None:
    template = (
        "{metadata: {name: '{{path.basename}}'}, spec: {project: default, destination: {name: in-cluster},"
        " source: {repoURL: 'https://git.example.org/home/cluster.git', path: 'gone/{{path}}'}}}"
    )
    git = f"[{{git: {{repoURL: 'https://git.example.org/home/cluster.git', revision: main, {generator}}}}}]"
    applications = (
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: apps, namespace: argocd}\n"
        f"spec:\n  generators: {git}\n  template: {template}\n"
    )
    report = check(
        tmp_path,
        {
            "clusters/home/root.yaml": application("root", "path: clusters/home"),
            "clusters/home/apps.yaml": applications,
            "apps/web/config.json": "{}",
            "apps/web/deep/config.json": "{}",
        },
    )

    found = [
        finding.message.split("'")[1] for finding in report.findings if finding.id == "build/missing-path"
    ]
    assert sorted(found) == [f"gone/{path}" for path in taken]


def test_a_remembered_report_knows_the_charts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from meshwright.tools import locate

    for name in ("kustomize", "kubeconform", "helm"):
        monkeypatch.setenv(f"MESHWRIGHT_{name.upper()}", str(locate(name).path))
    monkeypatch.setenv("MESHWRIGHT_CACHE", str(tmp_path / "cache"))
    source = "chart: tiny, targetRevision: 1.2.3"
    repository = write(tmp_path / "repository", {"web.yaml": application("web", source)})
    charts = tmp_path / "charts"
    charts.mkdir()

    before = check_remembered(repository, charts=charts)
    write_chart(charts / "tiny-1.2.3")
    after = check_remembered(repository, charts=charts)
    without = check_remembered(repository)

    assert [report.objects for report in (before, after, without)] == [1, 4, 1]
    assert check_remembered(repository, charts=charts) == after
