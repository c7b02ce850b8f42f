"""Whether Services, PodMonitors and ServiceMonitors find the pods and ports that they name."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Any

from meshwright.labelselector import matches
from monitoring.relabel import scrape_targets
from realcharts.admission import Admitted
from realcharts.fault import Fault
from realcharts.installation import Installation

Object = Mapping[str, Any]
# Its pods belong to a cluster of the multicluster extension, which this template does not install.
WITHOUT_TARGETS = frozenset({"linkerd-service-mirror"})
# Labels of pods that an operator creates from a custom resource, and the kinds of those resources.
OPERATED = {
    "operator.prometheus.io/name": ("Prometheus", "Alertmanager"),
    "app.kubernetes.io/name": ("Prometheus", "Alertmanager"),
    "elasticsearch.k8s.elastic.co/cluster-name": ("Elasticsearch",),
    "kibana.k8s.elastic.co/name": ("Kibana",),
    # Longhorn's manager labels its own pods when it serves them.
    "longhorn.io/admission-webhook": ("DaemonSet",),
    "longhorn.io/recovery-backend": ("DaemonSet",),
}


def service_faults(
    installation: Installation, admitted: Sequence[Admitted], created: Container[str]
) -> Iterator[Fault]:
    """Services that select no pod, and target ports that the selected pods do not have.

    ``created`` are the namespaces of the repository: other ones have pods that it does not know.
    """
    kinds = {one.get("kind") for _, one in installation.objects()}
    for part, service in installation.objects("Service"):
        name, namespace = service["metadata"]["name"], service["metadata"]["namespace"]
        selector = (service.get("spec") or {}).get("selector")
        if not selector:
            continue
        chosen = [
            one.pod
            for one in admitted
            if one.pod.namespace == namespace and matches({"matchLabels": selector}, one.pod.labels)
        ]
        if not chosen:
            operated = any(kinds & set(OPERATED[label]) for label in selector if label in OPERATED)
            if not operated and namespace in created:
                yield Fault(part.place, f"Service {namespace}/{name} selects no pod: {_pairs(selector)}")
            continue
        for port in service["spec"].get("ports") or []:
            target = port.get("targetPort", port.get("port"))
            for pod in chosen:
                declared = [one for ports in pod.ports().values() for one in ports]
                if isinstance(target, str) and target not in {one.get("name") for one in declared}:
                    problem = f"Service {namespace}/{name} leads to port {target}, which {pod.title} lacks"
                    yield Fault(part.place, problem)


def monitor_faults(
    installation: Installation, admitted: Sequence[Admitted], created: Container[str]
) -> Iterator[Fault]:
    """PodMonitors without a target, and ServiceMonitors without a Service or with a port that it lacks.

    ``created`` are the namespaces of the repository: what only selects in other ones is not judged.
    """
    scraped = [_scraped(one) for one in admitted]
    for part, monitor in installation.objects("PodMonitor"):
        name = monitor["metadata"]["name"]
        if name in WITHOUT_TARGETS or not _is_inside(monitor, created):
            continue
        if not scrape_targets(_complete(monitor), scraped):
            yield Fault(part.place, f"PodMonitor {name} has no target among the pods of this repository")
    services = [one for _, one in installation.objects("Service")]
    for part, monitor in installation.objects("ServiceMonitor"):
        yield from _service_monitor(part.place, monitor, services, inside=_is_inside(monitor, created))


def _is_inside(monitor: Object, created: Container[str]) -> bool:
    """Whether it selects in a namespace of the repository."""
    chosen = monitor["spec"].get("namespaceSelector") or {}
    names = chosen.get("matchNames") or [monitor["metadata"]["namespace"]]
    return bool(chosen.get("any")) or any(name in created for name in names)


def _scraped(one: Admitted) -> dict[str, Any]:
    """A pod as tests/monitoring discovers its targets, with the containers of its proxy."""
    containers = [*(one.spec.get("initContainers") or []), *(one.spec.get("containers") or [])]
    return {
        "name": one.pod.name,
        "namespace": one.pod.namespace,
        "labels": one.metadata.get("labels") or {},
        "containers": {
            container["name"]: [port.get("name") for port in container.get("ports") or []]
            for container in containers
        },
    }


def _complete(monitor: Object) -> Object:
    """The PodMonitor with the namespace selector that prometheus-operator assumes."""
    own = {"matchNames": [monitor["metadata"]["namespace"]]}
    return {**monitor, "spec": {"namespaceSelector": own, **monitor["spec"]}}


def _service_monitor(
    place: str, monitor: Object, services: Iterable[Object], *, inside: bool
) -> Iterator[Fault]:
    spec, metadata = monitor["spec"], monitor["metadata"]
    chosen = spec.get("namespaceSelector") or {}
    names = chosen.get("matchNames") or [metadata["namespace"]]
    found = [
        one
        for one in services
        if (chosen.get("any") or one["metadata"]["namespace"] in names)
        and matches(spec["selector"], one["metadata"].get("labels") or {})
    ]
    if not found and inside:
        yield Fault(place, f"ServiceMonitor {metadata['name']} selects no Service of this repository")
    for endpoint in spec.get("endpoints") or []:
        for service in found:
            ports = {port.get("name") for port in service["spec"].get("ports") or []}
            if isinstance(endpoint.get("port"), str) and endpoint["port"] not in ports:
                problem = f"ServiceMonitor {metadata['name']} scrapes port {endpoint['port']}"
                yield Fault(place, f"{problem}, which Service {service['metadata']['name']} lacks")


def _pairs(selector: Mapping[str, Any]) -> str:
    return ", ".join(f"{key}={value}" for key, value in selector.items())
