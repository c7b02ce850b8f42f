"""Sets a workload's opaque ports on its Services too: clients read the Service, the proxy reads its pod."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from meshwright.apps.model import App, Base, Patch, RepositorySettings
from meshwright.apps.overlay.annotations import OPAQUE, holds_port, opaque_ports
from meshwright.apps.overlay.patches import nested, target_of
from meshwright.apps.podowners import pod_owner
from meshwright.apps.podports import container_ports
from meshwright.apps.spec import Ports
from meshwright.manifests.unit import BuiltObject
from meshwright.yaml.pointer import items_of


def service_patches(app: App, base: Base, settings: RepositorySettings) -> list[Patch]:
    """A patch for each Service of the base with a port that the spec makes opaque."""
    wanted: Ports = app.spec.opaque_ports + tuple(
        port for entry in app.spec.workloads for port in entry.opaque_ports or ()
    )
    if not wanted or not app.spec.is_meshed:
        return []
    named = _named_ports(base)
    value = opaque_ports(tuple(dict.fromkeys(wanted)), settings)
    return [
        Patch(target_of(item), nested(("metadata", "annotations"), {OPAQUE: value}))
        for item in base.objects
        if item.kind == "Service" and any(holds_port(wanted, port) for port in _ports(item, named))
    ]


def _ports(service: BuiltObject, named: Mapping[str, set[int]]) -> Iterator[int]:
    """Every port number of a Service: its own and those of its pods."""
    spec = service.data.get("spec")
    for port in items_of(spec.get("ports") if isinstance(spec, Mapping) else None):
        if not isinstance(port, Mapping):
            continue
        for value in (port.get("port"), port.get("targetPort")):
            if isinstance(value, int):
                yield value
            elif isinstance(value, str):
                yield from named.get(value, ())


def _named_ports(base: Base) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for item in base.objects:
        owner = pod_owner(item)
        for port in container_ports(item, owner) if owner else ():
            found.setdefault(port.name, set()).add(port.number)
    return found
