"""`meshwright app add` of folders with charts, Helm's or the control plane's, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshwright.apps.generate import generate
from meshwright.errors import ExitCode, MeshwrightError
from meshwright.yaml import dump
from support.appcommands import BASES, added, repository, workload
from support.specs import SpecCase, write_case


def test_old_control_plane(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = repository(tmp_path, BASES["jobs"])
    release = {"spec": {"chart": {"spec": {"version": "2025.4.4"}}}}
    file = root / "platform/home/linkerd-control-plane/helmrelease.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(dump(release))

    said = [item["text"] for item in added(root, capsys)["remarks"] if "Job seed" in item["subject"]]

    assert any("would keep it from completing" in text for text in said)


@pytest.mark.parametrize("engine", ["flux", "argocd"])
def test_a_chart_that_is_not_at_hand(engine: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = write_case(tmp_path, SpecCase("chart", {}, (), {"engine": engine}))

    data = added(root, capsys, chart="https://charts.example.org/shop@1.2.3", yes=True)

    assert "was not found" in data["notes"][0]
    assert data["proposal"]["scope"] == "namespace"
    outcome = generate(root, check=False, force=False, remember=False)
    assert [str(finding) for finding in outcome.findings] == []
    base = root / "apps/shop"
    assert (base / "helmrelease.yaml").exists() == (engine == "flux")
    assert ("helmCharts" in (base / "kustomization.yaml").read_text()) == (engine == "argocd")


def test_helm_charts_on_flux_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    charts = "helmCharts: [{name: podinfo, repo: 'https://example.org/charts', version: 6.9.2}]\n"
    root = write_case(tmp_path, SpecCase("chart", {"apps/shop/kustomization.yaml": charts}, ()))

    with pytest.raises(MeshwrightError, match=r"^apps/shop/kustomization.yaml:1:1: .* with a HelmRelease$"):
        added(root, capsys, yes=True)

    assert not (root / "apps/shop/mesh.yaml").exists()


def test_a_chart_at_hand(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = write_case(tmp_path / "repository", SpecCase("chart", {}, ()))
    chart = tmp_path / "charts/shop"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("{apiVersion: v2, name: shop, version: 1.2.3}")
    (chart / "templates/all.yaml").write_text(dump(workload("Deployment", "web")))

    charts = tmp_path / "charts"
    data = added(root, capsys, chart="https://charts.example.org/shop@1.2.3", charts=charts, yes=True)

    assert data["proposal"]["workloads"] == [{"kind": "Deployment", "name": "web", "chart": "shop"}]
    assert generate(root, check=False, force=False, remember=False).exit_code is ExitCode.CLEAN
    assert "postRenderers" in (root / "mesh/apps/home/shop/kustomization.yaml").read_text()
