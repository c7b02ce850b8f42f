"""Services say opaque what their pods say opaque: a client reads the Service, the proxy its own pod."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from meshwright.apps.model import App, Base, BaseObject, Patch, Settings
from meshwright.apps.overlay.annotations import OPAQUE, holds_port, opaque_ports
from meshwright.apps.overlay.patches import nested, target_of
from meshwright.apps.podowners import pod_owner
from meshwright.apps.spec import Ports
from meshwright.manifests.pointer import holds, value_at


def service_patches(app: App, base: Base, settings: Settings) -> list[Patch]:
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


def _ports(service: BaseObject, named: Mapping[str, set[int]]) -> Iterator[int]:
    """Every number that a Service's ports stand for: its own and its pods'."""
    spec = service.data.get("spec")
    for port in (spec.get("ports") or ()) if isinstance(spec, Mapping) else ():
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
        if owner is None or not owner.pod_spec or not holds(item.data, owner.pod_spec):
            continue
        pod: Any = value_at(item.data, owner.pod_spec)
        for container in (pod.get("containers") or ()) if isinstance(pod, Mapping) else ():
            for port in (container.get("ports") or ()) if isinstance(container, Mapping) else ():
                if isinstance(port, Mapping) and isinstance(port.get("containerPort"), int):
                    found.setdefault(str(port.get("name") or ""), set()).add(port["containerPort"])
    return found
