"""What the scheduler reserves, what fills a disk, and tracing: values of the charts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from meshwright.check import check_repository
from meshwright.scaffold import render
from meshwright.yaml import parse

EVERYTHING = {
    "ingress": "own",
    "gateway_api": "repo",
    "redirect": "cni",
    "viz_host": "linkerd.home.arpa",
    "links": [{"name": "east"}],
    "apps": ["longhorn", "elastic", "velero"],
}
KUBERNETES = "resources.requests"
# Layer -> where its chart takes the requests of each container, read in the real charts (docs/footprint.md).
PLACES = {
    "platform/home/cert-manager": [
        KUBERNETES,
        *(f"{part}.{KUBERNETES}" for part in ("cainjector", "webhook", "startupapicheck")),
    ],
    "platform/home/trust-manager": [KUBERNETES],
    "platform/home/linkerd-cni": ["resources", "repairController.resources"],
    "platform/home/linkerd-control-plane": [
        *("proxy.resources", "policyController.resources", "identityResources", "destinationResources"),
        *("proxyInjectorResources", "spValidatorResources"),
    ],
    "platform/home/linkerd-viz": [
        f"{part}.resources" for part in ("dashboard", "metricsAPI", "tap", "tapInjector")
    ],
    "platform/home/linkerd-multicluster": [
        f"{part}.{KUBERNETES}" for part in ("controllerDefaults", "localServiceMirror")
    ],
    "platform/home/traefik": [KUBERNETES],
    "platform/home/kube-prometheus-stack": [
        f"{part}.{KUBERNETES}"
        for part in (
            *("prometheus.prometheusSpec", "alertmanager.alertmanagerSpec", "prometheusOperator"),
            *(
                "prometheusOperator.prometheusConfigReloader",
                "kube-state-metrics",
                "prometheus-node-exporter",
            ),
            *("grafana", "grafana.sidecar"),
        )
    ],
    "apps/fluent-bit": [KUBERNETES],
    "apps/velero": [KUBERNETES, f"nodeAgent.{KUBERNETES}"],
    "apps/longhorn": [f"longhornManager.{KUBERNETES}"],
}


def values(repository: Path, folder: str) -> dict[str, Any]:
    found: dict[str, Any] = parse((repository / folder / "values.yaml").read_text(encoding="utf-8"))
    return found


def at(data: Any, place: str) -> Any:
    for part in place.split("."):
        data = data[part]
    return data


@pytest.fixture(scope="module", params=["flux", "argocd"])
def repository(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("requests") / "repository"
    render({**EVERYTHING, "engine": request.param}, folder)
    return folder


@pytest.mark.parametrize("folder", PLACES)
def test_every_container_requests_cpu_and_memory(folder: str, repository: Path) -> None:
    for place in PLACES[folder]:
        found = at(values(repository, folder), place)
        cpu, memory = found["cpu"], found["memory"]
        if not place.endswith(".requests") and place != KUBERNETES:
            # Linkerd's charts name the resource first.
            cpu, memory = cpu["request"], memory["request"]
        assert cpu.endswith("m"), place
        assert memory.endswith("Mi"), place


def test_every_chart_is_in_this_table(repository: Path) -> None:
    charts = {
        file.parent.relative_to(repository).as_posix()
        for file in [*repository.glob("platform/*/*/values.yaml"), *repository.glob("apps/*/values.yaml")]
    }

    # CRDs have no pods, and the chart of ECK sets requests.
    assert charts - set(PLACES) == {
        "platform/home/linkerd-crds",
        "platform/home/prometheus-crds",
        "apps/eck-operator",
    }


@pytest.mark.parametrize(
    ("answers", "cpu"),
    [
        ({"nodes": 3}, "10m"),
        ({"nodes": 3, "distribution": "other"}, "100m"),
        ({"nodes": 2, "distribution": "other"}, "10m"),
    ],
)
def test_a_small_board_keeps_its_cores(answers: dict[str, Any], cpu: str, tmp_path: Path) -> None:
    render(answers, tmp_path / "repository")

    found = values(tmp_path / "repository", "platform/home/linkerd-control-plane")

    assert found["proxy"]["resources"]["cpu"]["request"] == cpu
    limited = "limit" in found["proxy"]["resources"]["memory"]
    assert limited == (answers["nodes"] >= 3)


@pytest.mark.parametrize("apps", [[], ["longhorn"]])
def test_prometheus_cannot_fill_a_disk_and_keeps_its_data_where_volumes_are(
    apps: list[str], tmp_path: Path
) -> None:
    render({"apps": apps}, tmp_path / "repository")

    found = values(tmp_path / "repository", "platform/home/kube-prometheus-stack")

    spec = found["prometheus"]["prometheusSpec"]
    assert spec["retentionSize"] == "4GB"
    assert ("storageSpec" in spec) == ("storage" in found["alertmanager"]["alertmanagerSpec"]) == bool(apps)
    if apps:
        claim = spec["storageSpec"]["volumeClaimTemplate"]["spec"]
        assert claim["storageClassName"] == "longhorn"
        # Room for the write-ahead log and a block that is being compacted.
        assert int(claim["resources"]["requests"]["storage"].removesuffix("Gi")) >= 2 * 4


def test_traces_go_to_the_identity_of_the_collector(tmp_path: Path) -> None:
    render({"tracing": "otel-collector.1e3:4317", "metrics": "none"}, tmp_path / "on")
    render({"metrics": "none"}, tmp_path / "off")

    tracing = values(tmp_path / "on", "platform/home/linkerd-control-plane")["proxy"]["tracing"]

    assert tracing == {
        "enabled": True,
        "collector": {
            "endpoint": "otel-collector.1e3.svc.cluster.local:4317",
            "meshIdentity": {"serviceAccountName": "otel-collector", "namespace": "1e3"},
        },
    }
    assert "tracing" not in values(tmp_path / "off", "platform/home/linkerd-control-plane")["proxy"]
    # The values are those that the chart knows.
    assert [str(finding) for finding in check_repository(tmp_path / "on").findings] == []
