"""What each PodMonitor scrapes at the pinned versions, and under which labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from monitoring.layer import pod_monitors
from monitoring.promql import known
from monitoring.relabel import Labels, relabel, scrape_targets

PODS: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("pods.yml").read_text(encoding="utf-8"))
MESHED = [pod["name"] for pod in PODS if pod["labels"].get("linkerd.io/control-plane-ns") == "linkerd"]


def targets(monitor: str, pods: list[dict[str, Any]] = PODS) -> list[Labels]:
    return scrape_targets(pod_monitors()[monitor], pods)


def pod(name: str = "web-1", **labels: str) -> dict[str, Any]:
    """A meshed pod with these labels beside the injector's; __ stands for a slash, _ for a dash."""
    named = {key.replace("__", "/").replace("_", "-"): value for key, value in labels.items()}
    return {
        "name": name,
        "namespace": "shop",
        "labels": {"linkerd.io/control-plane-ns": "linkerd", **named},
        "containers": {"linkerd-proxy": ["linkerd-proxy", "linkerd-admin"]},
    }


def test_controllers_of_the_control_plane_of_viz_and_of_the_cni_plugin_are_scraped_and_nothing_else() -> None:
    assert [(t["namespace"], t["component"]) for t in targets("linkerd-controller")] == [
        ("linkerd", "destination"),
        ("linkerd", "sp-validator"),
        ("linkerd", "policy"),
        ("linkerd", "identity"),
        ("linkerd", "proxy-injector"),
        ("linkerd-cni", "repair-controller"),
        ("linkerd-viz", "tap"),
        ("linkerd-viz", "web"),
    ]


def test_every_kind_of_service_mirror_is_scraped_in_any_namespace() -> None:
    assert [(t["namespace"], t["pod"], t["component"]) for t in targets("linkerd-service-mirror")] == [
        ("linkerd-multicluster", "controller-east-9a", "controller"),
        ("linkerd-multicluster", "linkerd-local-service-mirror-4e", "service-mirror"),
        ("links", "linkerd-service-mirror-west-2b", "service-mirror"),
    ]


def test_every_proxy_of_this_mesh_is_scraped_once() -> None:
    assert [t["pod"] for t in targets("linkerd-proxy")] == MESHED


def test_only_cert_managers_controller_is_scraped_for_certificates() -> None:
    assert [t["pod"] for t in targets("linkerd-certificates")] == ["cert-manager-66"]


@pytest.mark.parametrize("monitor", ["linkerd-controller", "linkerd-service-mirror", "linkerd-proxy"])
def test_a_port_called_admin_http_is_no_longer_anything(monitor: str) -> None:
    old = {
        "name": "linkerd-destination-old",
        "namespace": "linkerd",
        "labels": {"linkerd.io/control-plane-ns": "linkerd", "linkerd.io/extension": "multicluster"},
        "containers": {"destination": ["admin-http", "grpc"], "linkerd-proxy": ["linkerd-proxy"]},
    }
    assert targets(monitor, [old]) == []


def test_no_target_is_scraped_by_two_monitors() -> None:
    seen = [(t["pod"], t["container"], t["instance"]) for monitor in pod_monitors() for t in targets(monitor)]
    assert len(seen) == len(set(seen))


@pytest.mark.parametrize("monitor", sorted(pod_monitors()))
def test_job_is_the_name_that_dashboards_and_rules_ask_for(monitor: str) -> None:
    jobs = {t["job"] for t in targets(monitor)}
    assert jobs == {monitor}
    assert monitor in {exporter.get("job") for exporter in known()["exporters"].values()}


@pytest.mark.parametrize(
    "exporter", ["linkerd-proxy", "linkerd-controller", "linkerd-service-mirror", "cert-manager"]
)
def test_the_known_target_labels_are_those_that_relabelling_yields(exporter: str) -> None:
    entry = known()["exporters"][exporter]
    kinds = [
        "deployment",
        "statefulset",
        "daemonset",
        "replicaset",
        "replicationcontroller",
        "cronjob",
        "job",
    ]
    pods = PODS + [pod(**{f"linkerd.io__proxy_{kind}": "x"}) for kind in kinds]
    yielded = {label for target in targets(entry["job"], pods) for label in target}
    assert set(entry["target"]) <= yielded


@pytest.mark.parametrize(
    ("kind", "label"),
    [
        ("deployment", "deployment"),
        ("statefulset", "statefulset"),
        ("daemonset", "daemonset"),
        ("replicaset", "replicaset"),
        ("replicationcontroller", "replicationcontroller"),
        ("cronjob", "cronjob"),
        ("job", "k8s_job"),
    ],
)
def test_a_pods_owner_is_named_by_its_kind_and_as_workload(kind: str, label: str) -> None:
    (target,) = targets("linkerd-proxy", [pod(**{f"linkerd.io__proxy_{kind}": "owner"})])
    assert target[label] == target["workload"] == "owner"
    assert target["job"] == "linkerd-proxy"
    assert not [name for name in target if name.startswith(("linkerd_io", "proxy_"))]


def test_a_pod_without_an_owner_has_no_workload() -> None:
    (target,) = targets("linkerd-proxy", [pod()])
    assert "workload" not in target
    assert "k8s_job" not in target


def test_linkerds_labels_lose_their_prefix_and_the_pods_own_come_along() -> None:
    by_pod = {t["pod"]: t for t in targets("linkerd-proxy")}
    destination, tap, postgres = (by_pod[x] for x in ("linkerd-destination-7d", "tap-55", "postgres-0"))
    assert destination["control_plane_ns"] == "linkerd"
    assert destination["control_plane_component"] == "destination"
    assert destination["pod_template_hash"] == "7d"
    assert tap["extension"] == "viz"
    assert postgres["workload_ns"] == "shop"
    assert (postgres["app"], postgres["version"]) == ("postgres", "16")


def test_no_label_of_a_pod_can_pose_as_what_prometheus_or_linkerd_says() -> None:
    (honest,) = targets("linkerd-proxy", [pod(linkerd_io__proxy_deployment="web")])
    forged = dict.fromkeys(honest, "forged") | {
        "deployment": "forged",
        "statefulset": "forged",
        "workload": "forged",
    }
    liar = pod(linkerd_io__proxy_deployment="web")
    liar["labels"] = forged | {"linkerd.io/control-plane-ns": "linkerd", "linkerd.io/proxy-deployment": "web"}
    (target,) = targets("linkerd-proxy", [liar])
    assert {name: value for name, value in target.items() if value == "forged"} == {}
    assert target["workload"] == target["deployment"] == "web"
    assert "statefulset" not in target


def test_no_label_of_a_pod_displaces_a_label_of_a_proxys_metric() -> None:
    own = {
        label
        for metric in known()["metrics"].values()
        if metric["exporter"] == ["linkerd-proxy"]
        for label in metric["labels"]
    }
    greedy = pod()
    greedy["labels"] |= dict.fromkeys(own, "displaced")
    (target,) = targets("linkerd-proxy", [greedy])
    assert own & set(target) == set()


@pytest.mark.parametrize(
    ("name", "namespace", "certificate", "kept"),
    [
        ("certmanager_certificate_ready_status", "linkerd", "linkerd-identity-issuer", True),
        ("certmanager_certificate_renewal_timestamp_seconds", "linkerd-viz", "tap", True),
        (
            "certmanager_certificate_expiration_timestamp_seconds",
            "cert-manager",
            "linkerd-trust-anchor",
            True,
        ),
        ("certmanager_certificate_expiration_timestamp_seconds", "cert-manager", "trust-manager", False),
        ("certmanager_certificate_expiration_timestamp_seconds", "shop", "linkerd-look-alike", False),
        ("certmanager_certificate_not_after_timestamp_seconds", "linkerd", "linkerd-identity-issuer", False),
        ("certmanager_controller_sync_call_count", "cert-manager", "", False),
    ],
)
def test_only_the_meshs_certificates_are_kept(
    name: str, namespace: str, certificate: str, kept: bool
) -> None:
    (endpoint,) = pod_monitors()["linkerd-certificates"]["spec"]["podMetricsEndpoints"]
    assert endpoint["honorLabels"] is True
    sample = {"__name__": name, "namespace": namespace, "name": certificate}
    assert (relabel(sample, endpoint["metricRelabelings"]) is not None) is kept


@pytest.mark.parametrize("monitor", ["linkerd-controller", "linkerd-service-mirror", "linkerd-proxy"])
def test_scraped_often_enough_for_rates_over_one_minute(monitor: str) -> None:
    assert {e["interval"] for e in pod_monitors()[monitor]["spec"]["podMetricsEndpoints"]} == {"10s"}
