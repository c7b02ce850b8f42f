"""The ports that the containers of a workload declare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from meshwright.apps.model import PodOwner
from meshwright.manifests.unit import BuiltObject
from meshwright.yaml.pointer import holds, items_of, mapping_of, value_at


@dataclass(frozen=True)
class ContainerPort:
    """A declared port; ``name`` is empty if it has none."""

    name: str
    number: int
    protocol: str
    container: str
    image: str = ""


def pod_spec(item: BuiltObject, owner: PodOwner) -> Mapping[str, Any]:
    """The pod spec of an object; empty if an operator creates the pods."""
    if not owner.pod_spec or not holds(item.data, owner.pod_spec):
        return {}
    return mapping_of(value_at(item.data, owner.pod_spec))


def containers(item: BuiltObject, owner: PodOwner) -> Iterator[Mapping[str, Any]]:
    """All containers, then init containers, which include native sidecars."""
    spec = pod_spec(item, owner)
    for field in ("containers", "initContainers"):
        yield from (found for found in items_of(spec.get(field)) if isinstance(found, Mapping))


def container_ports(item: BuiltObject, owner: PodOwner) -> Iterator[ContainerPort]:
    """Every port that a container declares, in order."""
    for container in containers(item, owner):
        for port in items_of(container.get("ports")):
            if isinstance(port, Mapping) and isinstance(port.get("containerPort"), int):
                yield ContainerPort(
                    str(port.get("name") or ""),
                    port["containerPort"],
                    str(port.get("protocol") or "TCP"),
                    str(container.get("name") or ""),
                    str(container.get("image") or ""),
                )


def open_ports(item: BuiltObject, owner: PodOwner) -> Iterator[ContainerPort]:
    """The declared ports, and those that an operator opens without declaring them in its resource."""
    yield from container_ports(item, owner)
    for number in owner.ports:
        yield ContainerPort("", number, "TCP", item.name)
