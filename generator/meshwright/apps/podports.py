"""The ports that the containers of a workload declare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from meshwright.apps.model import BaseObject, PodOwner
from meshwright.manifests.pointer import holds, value_at


@dataclass(frozen=True)
class ContainerPort:
    """A declared port; ``name`` is empty when it has none."""

    name: str
    number: int
    protocol: str
    container: str


def pod_spec(item: BaseObject, owner: PodOwner) -> Mapping[str, Any]:
    """The spec of the pods that an object makes, empty where an operator makes them out of sight."""
    if not owner.pod_spec or not holds(item.data, owner.pod_spec):
        return {}
    found = value_at(item.data, owner.pod_spec)
    return found if isinstance(found, Mapping) else {}


def container_ports(item: BaseObject, owner: PodOwner) -> Iterator[ContainerPort]:
    """Every port that a container declares, in order; init containers that stay are containers too."""
    spec = pod_spec(item, owner)
    for field in ("containers", "initContainers"):
        for container in spec.get(field) or ():
            if not isinstance(container, Mapping):
                continue
            for port in container.get("ports") or ():
                if isinstance(port, Mapping) and isinstance(port.get("containerPort"), int):
                    yield ContainerPort(
                        str(port.get("name") or ""),
                        port["containerPort"],
                        str(port.get("protocol") or "TCP"),
                        str(container.get("name") or ""),
                    )
