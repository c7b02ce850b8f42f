"""Linkerd annotations derived from a spec."""

from __future__ import annotations

from meshwright.apps.injectability import INJECT
from meshwright.apps.model import RepositorySettings
from meshwright.apps.spec import Inject, MeshSpec, Port, Ports, Proxy, WorkloadSpec
from meshwright.apps.speccheck import port_range

PREFIX = "config.linkerd.io"
OPAQUE = f"{PREFIX}/opaque-ports"
ADMIN_SHUTDOWN = f"{PREFIX}/proxy-admin-shutdown"
NATIVE = "proxy-enable-native-sidecar"
# The plain name exists since edge-26.5.2 (linkerd2 009a25fa3), the alpha name since edge-23.11.4.
_PLAIN_NAME_SINCE = (2026, 5, 2)


def pod_annotations(
    spec: MeshSpec, entry: WorkloadSpec | None, settings: RepositorySettings
) -> dict[str, str]:
    """The annotations of a workload's pods; settings of the entry override those of the application."""
    inject = (entry.inject if entry else None) or spec.inject
    if inject is Inject.DISABLED:
        return {INJECT: str(inject)}
    own = entry or WorkloadSpec("", "")
    found = {INJECT: str(inject)}
    if value := opaque_ports(_own_or_default(own.opaque_ports, spec.opaque_ports), settings):
        found[OPAQUE] = value
    if ports := _own_or_default(own.skip_inbound_ports, spec.skip_inbound_ports):
        found[f"{PREFIX}/skip-inbound-ports"] = _join(ports)
    if ports := _own_or_default(own.skip_outbound_ports, spec.skip_outbound_ports):
        found[f"{PREFIX}/skip-outbound-ports"] = _join(ports)
    found.update(_proxy(own.proxy or spec.proxy, settings))
    if spec.policy and spec.policy.default_inbound:
        found[f"{PREFIX}/default-inbound-policy"] = spec.policy.default_inbound
    return found


def opaque_ports(ports: Ports, settings: RepositorySettings) -> str:
    """Linkerd's default list followed by ``ports``: the annotation replaces it. Empty without ports."""
    if not ports:
        return ""
    known = [item for item in settings.default_opaque_ports.split(",") if item]
    return ",".join(dict.fromkeys([*known, *(str(port) for port in ports)]))


def native_sidecar_name(settings: RepositorySettings) -> str:
    """The annotation that requests a native sidecar, by the name that the installed Linkerd reads."""
    parts = settings.linkerd_version.lstrip("v").split(".")
    old = len(parts) == 3 and all(part.isdigit() for part in parts)
    if old and tuple(map(int, parts)) < _PLAIN_NAME_SINCE:
        return f"config.alpha.linkerd.io/{NATIVE}"
    return f"{PREFIX}/{NATIVE}"


def holds_port(ports: Ports, number: int) -> bool:
    """Whether a port is among ``ports``."""
    return any(first <= number <= last for first, last in map(port_range, ports))


def _proxy(proxy: Proxy, settings: RepositorySettings) -> dict[str, str]:
    values = {
        "proxy-cpu-request": proxy.cpu_request,
        "proxy-cpu-limit": proxy.cpu_limit,
        "proxy-memory-request": proxy.memory_request,
        "proxy-memory-limit": proxy.memory_limit,
        "proxy-log-level": proxy.log_level,
        "shutdown-grace-period": proxy.shutdown_grace_period,
    }
    found = {f"{PREFIX}/{name}": value for name, value in values.items() if value}
    if proxy.native_sidecar is not None:
        found[native_sidecar_name(settings)] = "true" if proxy.native_sidecar else "false"
    return found


def _own_or_default(own: Ports | None, general: Ports) -> Ports:
    return general if own is None else own


def _join(ports: tuple[Port, ...]) -> str:
    return ",".join(str(port) for port in ports)
