"""What bjw-s' chart app-template makes of its values, without the chart.

The chart's values describe its workloads one to one: controllers, their pods and containers, and Services.
Source: the chart's documentation of versions 3 to 5, and its rule that a single controller has the name of
the release.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from meshwright.errors import Position
from meshwright.manifests.unit import BuiltObject, Origin
from meshwright.yaml.pointer import items_of, mapping_of

CHART = "app-template"
_KINDS = {
    "deployment": ("apps/v1", "Deployment"),
    "statefulset": ("apps/v1", "StatefulSet"),
    "daemonset": ("apps/v1", "DaemonSet"),
    "cronjob": ("batch/v1", "CronJob"),
    "job": ("batch/v1", "Job"),
}


def predict(
    values: Mapping[str, Any], release: str, namespace: str, at: Position, version: str = ""
) -> list[BuiltObject]:
    """The workloads and Services of a release, with ``at`` as their place; ``version`` is the chart's."""
    # Before version 3, ``main`` has the name of the release, and others always a suffix.
    primary = "main" if version.removeprefix("v").partition(".")[0] in ("1", "2") else ""
    controllers = _enabled(values.get("controllers"))
    services = list(_services(values))
    found: list[BuiltObject] = []
    for name, controller in controllers.items():
        api_version, kind = _KINDS.get(str(controller.get("type") or "deployment").lower(), ("", ""))
        if not kind:
            continue
        full = _named(controller, release, name, len(controllers), primary)
        ports = [port for owner, _, ports in services for port in ports if owner in (name, "")]
        template = {"metadata": {}, "spec": _pod(values, controller, ports)}
        spec: dict[str, Any] = {"template": template}
        found.append(
            _object(
                (api_version, kind),
                full,
                namespace,
                {"jobTemplate": {"spec": spec}} if kind == "CronJob" else spec,
                at,
            )
        )
    for _, name, ports in services:
        full = _named(
            mapping_of(mapping_of(values.get("service")).get(name)), release, name, len(services), primary
        )
        listed = [{"port": port["containerPort"], "protocol": port["protocol"]} for port in ports]
        found.append(_object(("v1", "Service"), full, namespace, {"ports": listed}, at))
    return found


def _object(
    kind: tuple[str, str], name: str, namespace: str, spec: Mapping[str, Any], at: Position
) -> BuiltObject:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    data = {"apiVersion": kind[0], "kind": kind[1], "metadata": metadata, "spec": spec}
    return BuiltObject(data, Origin(place=at))


def _enabled(section: Any) -> dict[str, Mapping[str, Any]]:
    entries = {str(name): mapping_of(entry) for name, entry in mapping_of(section).items()}
    return {name: entry for name, entry in entries.items() if entry.get("enabled", True) is not False}


def _named(entry: Mapping[str, Any], release: str, name: str, count: int, primary: str) -> str:
    if entry.get("forceRename"):
        return str(entry["forceRename"])
    suffix = str(entry.get("nameOverride") or entry.get("suffix") or "")
    if not suffix and (name != primary if primary else count > 1):
        suffix = name
    return f"{release}-{suffix}" if suffix else release


def _services(values: Mapping[str, Any]) -> Iterator[tuple[str, str, list[dict[str, Any]]]]:
    """Each Service: its controller, empty if there is only one; its name; its ports as container ports."""
    for name, service in _enabled(values.get("service")).items():
        ports = [
            {"name": key, "containerPort": number, "protocol": _protocol(port)}
            for key, port in _enabled(service.get("ports")).items()
            if isinstance(number := port.get("targetPort") or port.get("port"), int)
        ]
        yield str(service.get("controller") or ""), name, ports


def _protocol(port: Mapping[str, Any]) -> str:
    return "UDP" if str(port.get("protocol")).upper() == "UDP" else "TCP"


def _pod(
    values: Mapping[str, Any], controller: Mapping[str, Any], ports: list[dict[str, Any]]
) -> dict[str, Any]:
    options = {**mapping_of(values.get("defaultPodOptions")), **mapping_of(controller.get("pod"))}
    containers = []
    for name, entry in _enabled(controller.get("containers")).items():
        image = mapping_of(entry.get("image"))
        own = [port for port in items_of(entry.get("ports")) if isinstance(port, Mapping)]
        repository, tag = image.get("repository", ""), image.get("tag", "")
        containers.append({"name": name, "image": f"{repository}:{tag}", "ports": own})
    if containers:
        # A Service's port belongs to one container, which the values do not name.
        containers[0]["ports"] = [*containers[0]["ports"], *ports]
    spec: dict[str, Any] = {"containers": containers}
    for field in ("hostNetwork", "automountServiceAccountToken"):
        if field in options:
            spec[field] = options[field]
    if account := _account(controller):
        spec["serviceAccountName"] = account
    return spec


def _account(controller: Mapping[str, Any]) -> str:
    given = controller.get("serviceAccount")
    return str(mapping_of(given).get("name") or mapping_of(given).get("identifier") or "")
