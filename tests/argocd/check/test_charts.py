"""Charts at hand are rendered and validated; none is fetched, and nothing is written beside them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from meshwright.argocd import tree
from meshwright.check import check_repository
from meshwright.check.output import json_output
from meshwright.check.report import Report
from meshwright.errors import MeshwrightError
from meshwright.resources import schema_root
from meshwright.tools import Tool, ToolNotFoundError, locate
from support.argocd import application, write_archive, write_chart
from support.repositories import GITOPS_SYNC, config_map, flux_kustomization, lines, write

KUSTOMIZATION = """
    resources: [map.yaml]
    helmCharts:
      - name: tiny
        repo: https://helm.example.org/none
        version: 1.2.3
        releaseName: hello
        namespace: web
        includeCRDs: true
        valuesFile: values.yaml
    patches:
      - target: {kind: Deployment}
        patch: |
          - op: add
            path: /spec/paused
            value: true
"""
FILES = {
    "clusters/home/root.yaml": application("root", "path: clusters/home"),
    "clusters/home/web.yaml": application("web", "path: platform/web"),
    "platform/web/kustomization.yaml": KUSTOMIZATION,
    "platform/web/map.yaml": config_map("plain"),
    "platform/web/values.yaml": "replicas: 2\n",
}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return write(tmp_path / "repository", FILES)


@pytest.fixture
def charts(tmp_path: Path) -> Path:
    folder = tmp_path / "charts"
    write_chart(folder / "tiny-1.2.3")
    return folder


def objects_of(report: Report, name: str) -> int:
    return next(root.objects for root in report.roots if root.name == name and root.kind == "argocd")


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


LAYOUTS: dict[str, Callable[[Path, Path], object]] = {
    "an archive": lambda folder, scratch: write_archive(folder, scratch),
    "name and version": lambda folder, _: write_chart(folder / "tiny-1.2.3"),
    "as kustomize keeps it": lambda folder, _: write_chart(folder / "tiny-1.2.3" / "tiny"),
    "the name alone": lambda folder, _: write_chart(folder / "tiny"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("place", ["given", "beside", "cache"])
def test_a_chart_at_hand_is_rendered(
    layout: str, place: str, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from meshwright.tools import locate

    for name in ("kustomize", "kubeconform", "helm"):
        monkeypatch.setenv(f"MESHWRIGHT_{name.upper()}", str(locate(name).path))
    monkeypatch.setenv("MESHWRIGHT_CACHE", str(tmp_path / "cache"))
    folders = {
        "given": tmp_path / "charts",
        "beside": repository / "platform/web/charts",
        "cache": tmp_path / "cache/charts",
    }
    LAYOUTS[layout](folders[place], tmp_path / "scratch")
    before = contents(repository)

    report = check_repository(repository, charts=folders["given"] if place == "given" else None)

    assert lines(report) == []
    assert report.not_seen == ()
    assert objects_of(report, "argocd/web") == 4
    assert set(report.tools) == {"kustomize", "kubeconform", "helm"}
    assert contents(repository) == before
    schema = json.loads((schema_root() / "check-report.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(json.loads(json_output.render(report)))


def test_another_version_is_not_at_hand(repository: Path, tmp_path: Path) -> None:
    write_chart(tmp_path / "charts" / "tiny")
    file = repository / "platform/web/kustomization.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("1.2.3", "1.2.4"), encoding="utf-8")

    report = check_repository(repository, charts=tmp_path / "charts")

    assert [(str(item.position), item.reason) for item in report.not_seen] == [
        (
            "platform/web/kustomization.yaml:3:5",
            "chart tiny 1.2.4 is not rendered: it is in no charts folder; run meshwright charts pull",
        )
    ]
    assert objects_of(report, "argocd/web") == 1
    assert "helm" not in report.tools


def test_a_fault_of_a_chart_stands_at_its_entry(repository: Path, charts: Path) -> None:
    write(repository, {"platform/web/values.yaml": "key: datta\n"})

    [finding] = check_repository(repository, charts=charts).findings

    assert str(finding.position) == "platform/web/kustomization.yaml:3:5"
    assert finding.message.startswith("ConfigMap web/hello-map: unknown field 'datta'")
    assert finding.message.endswith("(rendered by a chart)")


def test_a_patch_on_a_workload_of_the_chart_is_validated(repository: Path, charts: Path) -> None:
    wrong = FILES["platform/web/kustomization.yaml"].replace("value: true", "value: maybe")
    write(repository, {"platform/web/kustomization.yaml": wrong})

    [finding] = check_repository(repository, charts=charts).findings

    assert finding.id == "kubeconform/type"
    assert "'spec.paused' is a string ('maybe')" in finding.message


def test_a_chart_that_cannot_be_rendered(repository: Path, charts: Path) -> None:
    write(charts, {"tiny-1.2.3/templates/bad.yaml": '{{ fail "no colour chosen" }}'})

    [finding] = check_repository(repository, charts=charts).findings

    assert (finding.id, str(finding.position)) == ("build/helm", "platform/web/kustomization.yaml:3:5")
    assert "chart tiny cannot be rendered" in finding.message
    assert "no colour chosen" in finding.message
    assert str(charts) not in finding.message
    assert "/tmp" not in finding.message


def test_it_is_rendered_for_the_asked_kubernetes(repository: Path, charts: Path) -> None:
    write(
        charts,
        {"tiny-1.2.3/Chart.yaml": "apiVersion: v2\nname: tiny\nversion: 1.2.3\nkubeVersion: '>=1.36.0'\n"},
    )

    assert lines(check_repository(repository, charts=charts, kubernetes="1.36")) == []
    [finding] = check_repository(repository, charts=charts, kubernetes="1.35").findings
    assert finding.id == "build/helm"
    assert "1.36.0" in finding.message


def test_flux_below_the_same_folder_is_still_an_error(repository: Path, charts: Path) -> None:
    write(
        repository,
        {
            "clusters/flux/flux-system/sync.yaml": GITOPS_SYNC.replace("clusters/home", "clusters/flux"),
            "clusters/flux/web.yaml": flux_kustomization("web", "./platform/web"),
        },
    )

    report = check_repository(repository, charts=charts)

    assert lines(report) == ["platform/web/kustomization.yaml:2:1 build/helm-charts"]
    assert objects_of(report, "argocd/web") == 4


def test_an_application_with_a_chart_of_its_own(repository: Path, charts: Path) -> None:
    chart = "chart: tiny, targetRevision: 1.2.3, helm: {releaseName: own, valuesObject: {key: datta}}"
    write(repository, {"clusters/home/own.yaml": application("own", chart)})

    report = check_repository(repository, charts=charts)

    assert lines(report) == ["clusters/home/own.yaml:6:72 kubeconform/unknown-field"]
    assert "ConfigMap own/own-map" in report.findings[0].message
    assert objects_of(report, "argocd/own") == 3


def test_a_chart_in_the_repository(repository: Path) -> None:
    write_chart(repository / "local")
    write(repository, {"local/more.yaml": "replicas: none\n"})
    source = "path: local, helm: {valueFiles: [more.yaml], skipCrds: true}"
    write(repository, {"clusters/home/local.yaml": application("local", source)})

    report = check_repository(repository)

    assert [finding.id for finding in report.findings] == ["kubeconform/type"]
    assert objects_of(report, "argocd/local") == 2


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("tiny", "./kustomization.yaml"),
        ("../../../victim/new", "made"),
        ("../../../victim/new", "/.."),
        ("..", "1.2.3"),
        ("a\0b", "1.2.3"),
        ("n" * 300, "1.2.3"),
    ],
)
def test_a_chart_whose_name_is_no_name_of_a_folder(
    name: str, version: str, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch, victim = tmp_path / "scratch", tmp_path / "victim"
    (victim / "new-made").mkdir(parents=True)
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    monkeypatch.setenv("TMPDIR", str(scratch))
    write_chart(repository / "local")
    text = json.dumps({"apiVersion": "v2", "name": name, "version": version})
    write(
        repository,
        {"local/Chart.yaml": text, "clusters/home/local.yaml": application("local", "path: local")},
    )

    report = check_repository(repository)

    assert any("which helm refuses" in entry.reason for entry in report.not_seen)
    assert [path.name for path in victim.rglob("*")] == ["new-made"]


def test_a_charts_folder_that_is_not_there(repository: Path, tmp_path: Path) -> None:
    with pytest.raises(MeshwrightError, match="--charts must be a folder of charts"):
        check_repository(repository, charts=tmp_path / "nowhere")


def test_an_archive_that_is_none(repository: Path, tmp_path: Path) -> None:
    charts = write(tmp_path / "charts", {"tiny-1.2.3.tgz": "no archive"})

    report = check_repository(repository, charts=charts)

    told = [item.reason for item in report.not_seen if "not a chart archive" in item.reason]
    assert told
    assert all("tiny-1.2.3.tgz" in reason for reason in told)
    # All else is looked at.
    assert objects_of(report, "argocd/web") == 1


def test_no_helm(repository: Path, charts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two Applications have charts at hand: how to get a helm is told once, and the rest is checked."""
    chart = "chart: tiny, targetRevision: 1.2.3"
    write(repository, {"clusters/home/own.yaml": application("own", chart)})
    write(repository, {"other/kustomization.yaml": "resources: [gone.yaml]\n"})

    def located(name: str) -> Tool:
        if name == "helm":
            raise ToolNotFoundError("helm v4 not found: run `meshwright tools --install`")
        return locate(name)

    monkeypatch.setattr(tree, "locate", located)

    report = check_repository(repository, charts=charts)

    assert [line.partition(" ")[2] for line in lines(report)] == ["build/no-helm", "build/missing-resource"]
    assert "meshwright tools --install" in report.findings[0].message
    unseen = {item.subject for item in report.not_seen if "helm is not" in item.reason}
    assert unseen == {"Application argocd/own", "Application argocd/web"}


HOSTILE = ["releaseName: --debug", "releaseName: hello, valuesFile: ../../../secret.yaml"]


@pytest.mark.parametrize("entry", HOSTILE)
def test_what_no_chart_may_be_given(entry: str, repository: Path, charts: Path) -> None:
    chart = f"helmCharts: [{{name: tiny, version: 1.2.3, repo: 'https://helm.example.org', {entry}}}]\n"
    write(repository, {"platform/web/kustomization.yaml": f"resources: [map.yaml]\n{chart}"})
    write(repository.parent, {"secret.yaml": "key: secret\n"})

    report = check_repository(repository, charts=charts)

    assert "helm" not in report.tools
    assert len(report.not_seen) == 1
    assert objects_of(report, "argocd/web") == 1


def test_options_of_the_source_reach_what_a_chart_in_a_base_makes(repository: Path, charts: Path) -> None:
    options = "kustomize: {namePrefix: home-, patches: [{patch: '%s', target: {kind: Deployment}}]}"
    patch = '[{"op":"replace","path":"/spec/replicas","value":"many"}]'
    write(
        repository,
        {
            "overlays/web/kustomization.yaml": "resources: [../../platform/web]",
            "clusters/home/web.yaml": application("web", f"path: overlays/web, {options % patch}"),
        },
    )

    [finding] = check_repository(repository, charts=charts).findings
    assert finding.message.startswith("Deployment web/home-hello: 'spec.replicas' is a string ('many')")
    assert str(finding.position) == "platform/web/kustomization.yaml:3:5"

    without = check_repository(repository)
    assert lines(without) == []
    assert [item.subject for item in without.not_seen] == ["'platform/web'"]
