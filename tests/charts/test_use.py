"""What was pulled is what other commands render, from the right source and without the network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from meshwright.apps.base.reader import read_bases
from meshwright.apps.inspection.chartview import Known, view
from meshwright.apps.releases import releases_of
from meshwright.check.pipeline import check_repository
from meshwright.cli import app
from meshwright.manifests.chartstore import ChartStore
from meshwright.manifests.values import ChartReference
from meshwright.yaml import dump
from support.chartservers import Charts, chart_archive, from_registry, from_repository, sha256, write

RUN = CliRunner()


def pull(repo: Path, *more: str) -> None:
    done = RUN.invoke(app, ["charts", "pull", str(repo), "--allow-host", "127.0.0.1", *more])
    assert done.exit_code == 0, (done.stdout, done.stderr)


def seen(repo: Path, path: str) -> Any:
    bases, _ = read_bases(repo, [path])
    (release,) = releases_of(bases[path], "flux")
    return view(release, bases[path], repo, None, "shop")


@pytest.mark.parametrize("source", ["repository", "range", "registry", "digest"])
def test_app_add_renders_a_pulled_chart(charts: Charts, repo: Path, source: str) -> None:
    charts.offer(chart_archive())
    manifest = charts.push(chart_archive())
    objects = {
        "repository": from_repository(charts.url),
        "range": from_repository(charts.url, "~1.0"),
        "registry": from_registry(f"{charts.oci}/web", semver="1.x"),
        "digest": from_registry(f"{charts.oci}/web", digest=f"sha256:{manifest}"),
    }[source]
    write(repo / "apps/web", *objects)
    before = seen(repo, "apps/web")
    assert before.known is Known.UNKNOWN
    assert before.notes[0].endswith("run meshwright charts pull")
    pull(repo)
    charts.server.answers.clear()
    after = seen(repo, "apps/web")
    assert (after.known, [item.name for item in after.workloads]) == (Known.RENDERED, ["web-web"])


def test_a_source_elsewhere_in_the_repository_is_enough(charts: Charts, repo: Path) -> None:
    charts.offer(chart_archive())
    one, source = from_repository(charts.url)
    write(repo / "apps/web", one)
    write(repo / "sources", source)
    pull(repo)
    assert seen(repo, "apps/web").known is Known.RENDERED


def test_two_sources_have_a_chart_of_one_name_and_version(charts: Charts, repo: Path, tmp_path: Path) -> None:
    charts.offer(chart_archive())
    charts.push(chart_archive(files={"templates/other.yaml": "other: true\n"}))
    write(repo / "apps/one", *from_repository(charts.url))
    write(repo / "apps/two", *from_registry(f"{charts.oci}/web", tag="1.0.0"))
    pull(repo)
    store = ChartStore(tmp_path / "scratch", root=repo)
    one, two = (store.find(ChartReference("web", "1.0.0", url)) for url in (charts.url, charts.oci))
    assert one is not None
    assert two is not None
    assert [(place / "templates/other.yaml").exists() for place in (one, two)] == [False, True]
    # Which of them is meant is not known without a source.
    assert store.find(ChartReference("web", "1.0.0")) is None


def test_the_lock_file_decides(charts: Charts, repo: Path, tmp_path: Path) -> None:
    charts.offer(chart_archive())
    write(repo / "apps/web", *from_repository(charts.url, "1.x"))
    pull(repo, "--lock")
    charts.offer(chart_archive(version="1.1.0"), version="1.1.0")
    pull(repo, "--upgrade")
    wanted = ChartReference("web", "1.x", charts.url)
    assert ChartStore(tmp_path / "a", root=repo).version_of(wanted) == "1.0.0"
    assert ChartStore(tmp_path / "b").version_of(wanted) == "1.1.0"


def test_an_archive_that_was_exchanged_in_the_cache_is_not_used(
    charts: Charts, repo: Path, tmp_path: Path
) -> None:
    charts.offer(chart_archive())
    write(repo / "apps/web", *from_repository(charts.url))
    pull(repo)
    place = tmp_path / f"cache/charts/archives/{sha256(chart_archive())}.tgz"
    place.write_bytes(chart_archive(files={"templates/evil.yaml": "evil: true\n"}))
    assert seen(repo, "apps/web").known is Known.UNKNOWN


HELM_CHARTS = {"name": "web", "version": "1.x", "releaseName": "web", "namespace": "shop"}


def application(source: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": "web", "namespace": "argocd"},
        "spec": {
            "project": "default",
            "destination": {"server": "https://kubernetes.default.svc", "namespace": "shop"},
            "source": source,
        },
    }


def unrendered(repo: Path) -> list[str]:
    found = check_repository(repo).not_seen
    return [item.reason for item in found if "is not rendered" in item.reason]


def test_check_renders_a_range_of_an_application(charts: Charts, repo: Path) -> None:
    charts.offer(chart_archive())
    write(repo / "argocd", application({"repoURL": charts.url, "chart": "web", "targetRevision": "1.x"}))
    assert unrendered(repo) == [
        "chart web 1.x is not rendered: it is in no charts folder; run meshwright charts pull"
    ]
    pull(repo)
    assert unrendered(repo) == []


def test_check_renders_a_range_of_helmcharts(charts: Charts, repo: Path) -> None:
    charts.offer(chart_archive())
    (repo / "apps/web").mkdir()
    entry = {**HELM_CHARTS, "repo": charts.url}
    (repo / "apps/web/kustomization.yaml").write_text(dump({"helmCharts": [entry]}))
    source = {"repoURL": "https://git.example.org/repo.git", "path": "apps/web", "targetRevision": "main"}
    write(repo / "argocd", application(source))
    assert len(unrendered(repo)) == 1
    pull(repo)
    assert unrendered(repo) == []


@pytest.mark.parametrize("locked", [False, True])
def test_check_renders_dependencies_of_a_chart_in_the_repository(
    charts: Charts, repo: Path, locked: bool
) -> None:
    charts.offer(chart_archive())
    own = repo / "apps/own"
    own.mkdir()
    entry = {"name": "web", "repository": charts.url, "version": "1.x"}
    (own / "Chart.yaml").write_text(
        dump({"apiVersion": "v2", "name": "own", "version": "0.1.0", "dependencies": [entry]})
    )
    if locked:
        (own / "Chart.lock").write_text(dump({"dependencies": [{**entry, "version": "1.0.0"}]}))
    source = {"repoURL": "https://git.example.org/repo.git", "path": "apps/own", "targetRevision": "main"}
    write(repo / "argocd", application(source))
    assert len(unrendered(repo)) == 1
    pull(repo)
    assert unrendered(repo) == []
