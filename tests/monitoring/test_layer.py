"""The layer as the engine builds it: rendered, through the real kustomize."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from meshwright.tools import locate
from monitoring.layer import ANSWERS, dashboards, render, source

OWNED = "# Meshwright scaffold: edit freely, updates merge your changes."


@pytest.fixture(scope="module", params=sorted(ANSWERS))
def built(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, list[dict[str, Any]]]:
    folder = render(tmp_path_factory.mktemp(request.param), ANSWERS[request.param])
    done = subprocess.run(
        [locate("kustomize").path, "build", folder], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return request.param, list(yaml.safe_load_all(done.stdout))


def test_everything_is_built(built: tuple[str, list[dict[str, Any]]]) -> None:
    _, objects = built
    assert sorted((o["kind"], o["metadata"]["name"]) for o in objects) == [
        ("ConfigMap", "linkerd-dashboard-control-plane"),
        ("ConfigMap", "linkerd-dashboard-mesh-overview"),
        ("ConfigMap", "linkerd-dashboard-workload"),
        ("PodMonitor", "linkerd-certificates"),
        ("PodMonitor", "linkerd-controller"),
        ("PodMonitor", "linkerd-proxy"),
        ("PodMonitor", "linkerd-service-mirror"),
        ("PrometheusRule", "linkerd"),
    ]


def test_everything_is_where_the_prometheus_is_and_carries_its_label(
    built: tuple[str, list[dict[str, Any]]],
) -> None:
    answers, objects = built
    prometheus = ANSWERS[answers]["prometheus"]
    for built_object in objects:
        assert built_object["metadata"]["namespace"] == prometheus["namespace"]
        assert built_object["metadata"]["labels"]["release"] == prometheus["release"]


def test_the_label_goes_onto_objects_and_into_no_selector(built: tuple[str, list[dict[str, Any]]]) -> None:
    _, objects = built
    for built_object in objects:
        if built_object["kind"] == "PodMonitor":
            assert "release" not in built_object["spec"]["selector"].get("matchLabels", {})


def test_dashboards_reach_grafanas_sidecar_untouched_by_flux(built: tuple[str, list[dict[str, Any]]]) -> None:
    _, objects = built
    found = [o for o in objects if o["kind"] == "ConfigMap"]
    keys = [key for o in found for key in o["data"]]
    assert len(keys) == len(set(keys)) == len(dashboards())
    for config_map in found:
        assert config_map["metadata"]["labels"]["grafana_dashboard"] == "1"
        assert config_map["metadata"]["annotations"]["kustomize.toolkit.fluxcd.io/substitute"] == "disabled"
        ((key, text),) = config_map["data"].items()
        assert key.startswith("linkerd-")
        assert json.loads(text) == dashboards()[key.removeprefix("linkerd-")]


def test_a_config_map_stays_under_the_limit_of_the_api_server(
    built: tuple[str, list[dict[str, Any]]],
) -> None:
    _, objects = built
    assert max(len(json.dumps(o).encode()) for o in objects) < 2**20


def test_only_what_holds_a_flux_variable_is_excluded_from_substitution(
    built: tuple[str, list[dict[str, Any]]],
) -> None:
    _, objects = built
    for built_object in objects:
        if built_object["kind"] != "ConfigMap":
            assert "${" not in json.dumps(built_object)


def test_every_yaml_file_says_who_owns_it() -> None:
    for file in source().rglob("*"):
        if file.is_file() and file.suffix != ".json":
            assert file.read_text(encoding="utf-8").splitlines()[0].endswith(OWNED), file.name


def test_every_dashboard_is_in_the_kustomization(tmp_path: Path) -> None:
    folder = render(tmp_path, ANSWERS["install"])
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text(encoding="utf-8"))
    listed = {file.split("=")[1] for g in kustomization["configMapGenerator"] for file in g["files"]}
    assert listed == {f"dashboards/{name}" for name in dashboards()}
