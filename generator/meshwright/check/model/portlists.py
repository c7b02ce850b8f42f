"""The ports of pods."""

from __future__ import annotations

from collections.abc import Iterator

from meshwright.check.model.index import Model
from meshwright.check.model.injection import may_be_meshed
from meshwright.check.model.workloads import Workload
from meshwright.yaml.pointer import Pointer, items_of, mapping_of

# The ports that the injector adds to each meshed pod. source: linkerd2 charts/partials/templates/_proxy.tpl.
_PROXY = ((4143, "linkerd-proxy"), (4191, "linkerd-admin"))


def container_ports(workload: Workload) -> Iterator[tuple[int, str, Pointer]]:
    """Number, name and pointer of every TCP port that a pod's containers and native sidecars declare."""
    for field in ("containers", "initContainers"):
        for at, container in enumerate(items_of(workload.pod.get(field))):
            if field == "initContainers" and mapping_of(container).get("restartPolicy") != "Always":
                continue
            for entry, port in enumerate(items_of(mapping_of(container).get("ports"))):
                number = port.get("containerPort") if isinstance(port, dict) else None
                if isinstance(number, int) and port.get("protocol", "TCP") == "TCP":
                    here = (*workload.template, "spec", field, at, "ports", entry, "containerPort")
                    yield number, str(port.get("name") or ""), here


def pod_ports(model: Model, workload: Workload) -> set[tuple[int, str]]:
    """Number and name of every TCP port of a running pod, including its proxy's if it may be meshed."""
    own = {(number, name) for number, name, _ in container_ports(workload)}
    return own.union(_PROXY) if may_be_meshed(model, workload) else own
