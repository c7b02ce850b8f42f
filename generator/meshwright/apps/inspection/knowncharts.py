"""What the charts that home labs use most make of their values, without the chart.

For each, the pod owners with their names, and the values that decide whether they exist, whether they are on
the host network and which ports they open. Values that are not set have the chart's own default, which the
table has only where it matters. Source: the templates and values.yaml of each chart, as of the version that
its row names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from meshwright.errors import Position
from meshwright.manifests.unit import BuiltObject, Origin
from meshwright.yaml.pointer import lookup, mapping_of


@dataclass(frozen=True)
class ChartPort:
    """A container port: name and default number, and the values with the number and a port of the host."""

    name: str
    number: int
    value: str = ""
    host: str = ""


@dataclass(frozen=True)
class KnownWorkload:
    """A pod owner of a chart; its name is that of the release and ``suffix``.

    ``kind`` may be the path of a value, after its default and a colon. ``enabled`` and ``host_network`` are
    paths of values, and ``on_host`` is the default of the latter. ``chart`` and ``values`` are those of a
    dependency.
    """

    kind: str
    suffix: str = ""
    ports: tuple[ChartPort, ...] = ()
    enabled: str = ""
    host_network: str = ""
    on_host: bool = False
    chart: str = ""
    values: str = ""


@dataclass(frozen=True)
class KnownChart:
    """A chart; ``longest`` limits its names, and ``always`` says that they end in its own name.

    ``more`` names pods that it creates besides.
    """

    workloads: tuple[KnownWorkload, ...]
    longest: int = 63
    always: bool = False
    more: str = ""


_METRICS = ChartPort("metrics", 8080)
KNOWN_CHARTS: dict[str, KnownChart] = {
    # kubernetes-sigs/metrics-server, charts/metrics-server 3.13: the API server calls its port 10250
    "metrics-server": KnownChart(
        (
            KnownWorkload(
                "Deployment",
                ports=(ChartPort("https", 10250, "containerPort"),),
                host_network="hostNetwork.enabled",
            ),
        )
    ),
    # kubernetes-sigs/external-dns, charts/external-dns 1.19
    "external-dns": KnownChart((KnownWorkload("Deployment", ports=(ChartPort("http", 7979),)),)),
    # stakater/Reloader, chart 2.2
    "reloader": KnownChart((KnownWorkload("Deployment", ports=(ChartPort("http", 9090),)),), always=True),
    # external-secrets/external-secrets, chart 0.20: the API server calls the webhook
    "external-secrets": KnownChart(
        (
            KnownWorkload("Deployment", "", (_METRICS,), "createOperator", "hostNetwork"),
            KnownWorkload(
                "Deployment",
                "-webhook",
                (_METRICS, ChartPort("webhook", 10250, "webhook.port")),
                "webhook.create",
                "webhook.hostNetwork",
            ),
            KnownWorkload(
                "Deployment",
                "-cert-controller",
                (_METRICS,),
                "certController.create",
                "certController.hostNetwork",
            ),
        )
    ),
    # cloudnative-pg/charts, cloudnative-pg 0.26
    "cloudnative-pg": KnownChart(
        (
            KnownWorkload(
                "Deployment",
                ports=(_METRICS, ChartPort("webhook-server", 9443, "webhook.port")),
                host_network="hostNetwork",
            ),
        )
    ),
    # kubernetes-sigs/node-feature-discovery, chart 0.18
    "node-feature-discovery": KnownChart(
        (
            KnownWorkload("Deployment", "-master", (), "master.enable", "master.hostNetwork"),
            KnownWorkload("DaemonSet", "-worker", (), "worker.enable", "worker.hostNetwork"),
            KnownWorkload("Deployment", "-gc", (), "gc.enable", "gc.hostNetwork"),
        )
    ),
    # spegel-org/spegel, chart 0.4: containerd on each node calls it, through a hostPort before 0.4
    "spegel": KnownChart(
        (
            KnownWorkload(
                "DaemonSet",
                ports=(
                    ChartPort("registry", 5000, "service.registry.port", "service.registry.hostPort"),
                    ChartPort("router", 5001, "service.router.port"),
                    ChartPort("metrics", 9090, "service.metrics.port"),
                ),
            ),
        )
    ),
    # kubernetes/ingress-nginx, charts/ingress-nginx 4.13
    "ingress-nginx": KnownChart(
        (
            KnownWorkload(
                "Deployment:controller.kind",
                "-controller",
                (
                    ChartPort("http", 80, "controller.containerPort.http"),
                    ChartPort("https", 443, "controller.containerPort.https"),
                    ChartPort("webhook", 8443, "controller.admissionWebhooks.port"),
                ),
                host_network="controller.hostNetwork",
            ),
        ),
    ),
    # grafana-community/helm-charts, grafana 10
    "grafana": KnownChart((KnownWorkload("Deployment", ports=(ChartPort("grafana", 3000),)),)),
    # prometheus-community/helm-charts, kube-prometheus-stack 79: node-exporter is on the host network
    "kube-prometheus-stack": KnownChart(
        (
            KnownWorkload("Deployment", "-operator", (), "prometheusOperator.enabled"),
            KnownWorkload(
                "DaemonSet",
                ports=(ChartPort("http-metrics", 9100, "prometheus-node-exporter.service.port"),),
                enabled="nodeExporter.enabled",
                host_network="prometheus-node-exporter.hostNetwork",
                on_host=True,
                chart="prometheus-node-exporter",
                values="prometheus-node-exporter",
            ),
            KnownWorkload(
                "Deployment",
                enabled="kubeStateMetrics.enabled",
                chart="kube-state-metrics",
                values="kube-state-metrics",
            ),
            KnownWorkload(
                "Deployment",
                ports=(ChartPort("grafana", 3000),),
                enabled="grafana.enabled",
                chart="grafana",
                values="grafana",
            ),
        ),
        longest=26,
        more="the pods of Prometheus and Alertmanager",
    ),
}


def predict_known(
    name: str, values: Mapping[str, Any], release: str, namespace: str, at: Position
) -> list[BuiltObject]:
    """The pod owners of a release of the chart ``name``, placed ``at``; none if the chart is unknown."""
    chart = KNOWN_CHARTS.get(name)
    if chart is None:
        return []
    return list(_objects(name, chart, values, release, namespace, at))


def _objects(
    name: str, chart: KnownChart, values: Mapping[str, Any], release: str, namespace: str, at: Position
) -> Iterator[BuiltObject]:
    for workload in chart.workloads:
        if _value(values, workload.enabled) is False:
            continue
        own = mapping_of(values.get(workload.values)) if workload.values else values
        full = _full_name(
            workload.chart or name, own, release, 63 if workload.chart else chart.longest, chart
        )
        default, _, path = workload.kind.partition(":")
        kind = str((_value(values, path) if path else None) or default)
        # ingress-nginx makes both with one name.
        for one in ("Deployment", "DaemonSet") if kind == "Both" else (kind,):
            spec: dict[str, Any] = {"containers": [_container(workload, values)]}
            on_host = _value(values, workload.host_network)
            if workload.on_host if on_host is None else on_host is True:
                spec["hostNetwork"] = True
            data = {
                "apiVersion": "apps/v1",
                "kind": one,
                "metadata": {
                    "name": f"{full}{workload.suffix}",
                    **({"namespace": namespace} if namespace else {}),
                },
                "spec": {"template": {"metadata": {}, "spec": spec}},
            }
            yield BuiltObject(data, Origin(place=at))


def _container(workload: KnownWorkload, values: Mapping[str, Any]) -> dict[str, Any]:
    ports = []
    for port in workload.ports:
        number, host = _value(values, port.value), _value(values, port.host)
        entry: dict[str, Any] = {
            "name": port.name,
            "containerPort": number if isinstance(number, int) else port.number,
        }
        ports.append({**entry, "hostPort": host} if isinstance(host, int) and host else entry)
    return {"name": "main", "image": "", "ports": ports}


def _full_name(name: str, values: Mapping[str, Any], release: str, longest: int, chart: KnownChart) -> str:
    """The name that nearly every chart gives its objects: that of the release if it contains the chart's."""
    if values.get("fullnameOverride"):
        full = str(values["fullnameOverride"])
    else:
        own = str(values.get("nameOverride") or name)
        full = release if own in release and not chart.always else f"{release}-{own}"
    return full[:longest].removesuffix("-")


def _value(values: Mapping[str, Any], path: str) -> Any:
    """A value that is set; None if it is not, or without a path."""
    pointer = tuple(path.split("."))
    return lookup(values, pointer) if path else None
