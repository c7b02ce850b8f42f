"""Containers for which the scheduler reserves nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from realcharts.admission import Admitted
from realcharts.fault import Fault

# Containers without a value for their requests in the chart (docs/footprint.md, "Without a request").
WITHOUT_VALUE = frozenset(
    {
        ("longhorn-system", "longhorn-driver-deployer"),
        ("longhorn-system", "longhorn-ui"),
        ("longhorn-system", "pre-pull-share-manager-image"),
        ("longhorn-system", "wait-longhorn-manager"),
        ("linkerd-multicluster", "pause"),
    }
)


def request_faults(admitted: Iterable[Admitted]) -> Iterator[Fault]:
    """Containers without a request of CPU or memory. Those that end before the pod starts reserve nothing."""
    for one in admitted:
        if one.pod.hook:
            continue
        beside = [
            container
            for container in one.spec.get("initContainers") or []
            if container.get("restartPolicy") == "Always"
        ]
        for container in [*beside, *(one.spec.get("containers") or [])]:
            if (one.pod.namespace, container["name"]) in WITHOUT_VALUE:
                continue
            requests = (container.get("resources") or {}).get("requests") or {}
            missing = [resource for resource in ("cpu", "memory") if resource not in requests]
            if missing:
                problem = f"container {container['name']} requests no {' and no '.join(missing)}"
                yield Fault(one.pod.place, f"{one.pod.title}: {problem}")
