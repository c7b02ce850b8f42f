"""Kubernetes' Pod Security Standards: the level that a namespace enforces, and what of a pod it forbids.

source: Kubernetes, Pod Security Standards, and pod-security-admission 0.36 (an unknown level counts as
restricted, an unknown version as latest). tests/oracles/podsecurity.py asks the real evaluator.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from meshwright.yaml.pointer import items_of, mapping_of

ENFORCE = "pod-security.kubernetes.io/enforce"
_VERSION = re.compile(r"v1\.([0-9]{1,3})\Z")
_LATEST = 1_000
_CAPABILITIES = frozenset(
    {"AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD"}
    | {"NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"}
)
_VOLUMES = frozenset(
    {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image"}
    | {"persistentVolumeClaim", "projected", "secret"}
)
_SYSCTLS = (
    (0, "kernel.shm_rmid_forced net.ipv4.ip_local_port_range net.ipv4.tcp_syncookies"),
    (0, "net.ipv4.ping_group_range net.ipv4.ip_unprivileged_port_start"),
    (27, "net.ipv4.ip_local_reserved_ports"),
    (29, "net.ipv4.tcp_keepalive_time net.ipv4.tcp_fin_timeout"),
    (29, "net.ipv4.tcp_keepalive_intvl net.ipv4.tcp_keepalive_probes"),
    (32, "net.ipv4.tcp_rmem net.ipv4.tcp_wmem"),
)
_SELINUX = frozenset({"", "container_t", "container_init_t", "container_kvm_t"})
_PROFILES = ("RuntimeDefault", "Localhost")
_APPARMOR = "container.apparmor.security.beta.kubernetes.io/"


@dataclass(frozen=True)
class Level:
    """``name`` is privileged, baseline or restricted; ``minor`` is that of Kubernetes 1.x."""

    name: str
    minor: int = _LATEST

    @property
    def allows_linkerd_init(self) -> bool:
        """Whether it allows NET_ADMIN and NET_RAW, which linkerd-init adds."""
        return self.name == "privileged"


def enforced(labels: Mapping[str, Any], latest: int = _LATEST) -> Level:
    """The level that a namespace with these labels enforces; ``latest`` is the cluster's minor version.

    Its labels ``warn`` and ``audit`` reject nothing.
    """
    name = labels.get(ENFORCE)
    if name is None:
        return Level("privileged", latest)
    if name not in ("privileged", "baseline", "restricted"):
        return Level("restricted", latest)
    given = _VERSION.match(str(labels.get(f"{ENFORCE}-version")))
    return Level(str(name), min(int(given[1]), latest) if given else latest)


def violations(level: Level, annotations: Mapping[str, Any], spec: Mapping[str, Any]) -> Iterator[str]:
    """Everything that a level forbids in a pod, each phrased to follow the pod's name."""
    if level.name == "privileged":
        return
    pod = _Pod(annotations, spec, level.minor, level.name == "restricted")
    yield from _baseline(pod)
    if level.name == "restricted":
        yield from _restricted(pod)


@dataclass(frozen=True)
class _Pod:
    annotations: Mapping[str, Any]
    spec: Mapping[str, Any]
    minor: int
    is_restricted: bool

    @cached_property
    def containers(self) -> list[Mapping[str, Any]]:
        fields = ("initContainers", "containers", "ephemeralContainers")
        return [mapping_of(one) for field in fields for one in items_of(self.spec.get(field))]

    @property
    def context(self) -> Mapping[str, Any]:
        return mapping_of(self.spec.get("securityContext"))

    @property
    def is_windows(self) -> bool:
        """Whether restricted asks nothing of it that only Linux has."""
        os = mapping_of(self.spec.get("os")).get("name")
        return self.is_restricted and self.minor >= 25 and os == "windows"

    @property
    def has_user_namespace(self) -> bool:
        return self.minor >= 35 and self.spec.get("hostUsers") is False

    def each(self, says: Callable[[Mapping[str, Any], Mapping[str, Any]], Any], text: str) -> Iterator[str]:
        """``text`` for each container of which ``says`` holds, given it and its securityContext."""
        for container in self.containers:
            if says(container, mapping_of(container.get("securityContext"))):
                yield f"{text} in container {container.get('name')}"

    def anywhere(self, says: Callable[[Mapping[str, Any]], Any], text: str) -> Iterator[str]:
        """``text`` for the pod and each container, if ``says`` holds of its securityContext."""
        if says(self.context):
            yield text
        yield from self.each(lambda _, context: says(context), text)


def _baseline(pod: _Pod) -> Iterator[str]:
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.spec.get(field) is True:
            yield f"sets {field}"
    for volume in items_of(pod.spec.get("volumes")):
        if mapping_of(volume).get("hostPath") is not None:
            yield f"has hostPath volume {mapping_of(volume).get('name')}"
    yield from pod.each(lambda one, _: any(map(_host_port, items_of(one.get("ports")))), "has a hostPort")
    yield from pod.each(lambda _, context: context.get("privileged") is True, "sets privileged")
    if not pod.is_windows:
        yield from pod.each(lambda _, context: _added(context) - _CAPABILITIES, "adds capabilities")
    if not pod.has_user_namespace:
        yield from pod.each(
            lambda _, context: context.get("procMount") not in (None, "Default"), "sets procMount"
        )
    yield from pod.anywhere(_is_host_process, "sets windowsOptions.hostProcess")
    yield from pod.anywhere(lambda context: _bad_profile(context, "appArmorProfile"), "turns AppArmor off")
    for key, value in pod.annotations.items():
        allowed = value in ("", "runtime/default") or str(value).startswith("localhost/")
        if str(key).startswith(_APPARMOR) and not allowed:
            yield f"has annotation {key}: {value}"
    yield from pod.anywhere(lambda context: _bad_selinux(context, pod.minor), "sets seLinuxOptions")
    if pod.minor >= 19 and not pod.is_windows:
        yield from pod.anywhere(lambda context: _bad_profile(context, "seccompProfile"), "turns seccomp off")
    safe = [name for since, names in _SYSCTLS if pod.minor >= since for name in names.split()]
    for sysctl in items_of(pod.context.get("sysctls")):
        if mapping_of(sysctl).get("name") not in safe:
            yield f"sets sysctl {mapping_of(sysctl).get('name')}"
    if pod.minor >= 34:
        yield from pod.each(lambda one, _: _probes_host(one), "names a host in a probe or lifecycle handler")


def _restricted(pod: _Pod) -> Iterator[str]:
    for volume in items_of(pod.spec.get("volumes")):
        kinds = {key for key, value in mapping_of(volume).items() if value is not None} - {"name"}
        if not kinds & _VOLUMES and "hostPath" not in kinds:
            yield f"has volume {mapping_of(volume).get('name')} of type {', '.join(sorted(kinds)) or 'none'}"
    if not pod.is_windows:
        if pod.minor >= 8:
            yield from pod.each(
                lambda _, context: context.get("allowPrivilegeEscalation") is not False,
                "does not set allowPrivilegeEscalation: false",
            )
        if pod.minor >= 22:
            yield from pod.each(
                lambda _, context: "ALL" not in _dropped(context), "does not drop ALL capabilities"
            )
            yield from pod.each(
                lambda _, context: (_added(context) & _CAPABILITIES) - {"NET_BIND_SERVICE"},
                "adds capabilities",
            )
        if pod.minor >= 19 and not _profile(pod.context, "seccompProfile"):
            yield from pod.each(
                lambda _, context: not _profile(context, "seccompProfile"),
                "sets no seccompProfile RuntimeDefault or Localhost",
            )
    if not pod.has_user_namespace:
        yield from _root(pod)
    else:
        yield from pod.each(
            lambda _, context: context.get("procMount") not in (None, "Default"), "sets procMount"
        )


def _root(pod: _Pod) -> Iterator[str]:
    whole = pod.context.get("runAsNonRoot")
    if whole is False:
        yield "sets runAsNonRoot: false"
    yield from pod.each(
        lambda _, context: (
            context.get("runAsNonRoot") is False
            or (context.get("runAsNonRoot") is None and whole is not True)
        ),
        "does not set runAsNonRoot: true",
    )
    if pod.minor >= 23:
        yield from pod.anywhere(lambda context: _is_zero(context.get("runAsUser")), "runs as user 0")


def _is_zero(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value == 0


def _host_port(port: Any) -> bool:
    return bool(mapping_of(port).get("hostPort"))


def _added(context: Mapping[str, Any]) -> set[str]:
    return {str(name) for name in items_of(mapping_of(context.get("capabilities")).get("add"))}


def _dropped(context: Mapping[str, Any]) -> set[str]:
    return {str(name) for name in items_of(mapping_of(context.get("capabilities")).get("drop"))}


def _is_host_process(context: Mapping[str, Any]) -> bool:
    return mapping_of(context.get("windowsOptions")).get("hostProcess") is True


def _profile(context: Mapping[str, Any], field: str) -> bool:
    return mapping_of(context.get(field)).get("type") in _PROFILES


def _bad_profile(context: Mapping[str, Any], field: str) -> bool:
    return context.get(field) is not None and not _profile(context, field)


def _bad_selinux(context: Mapping[str, Any], minor: int) -> bool:
    options = mapping_of(context.get("seLinuxOptions"))
    kind = options.get("type") or ""
    known = kind in _SELINUX or (minor >= 31 and kind == "container_engine_t")
    return not known or bool(options.get("user") or options.get("role"))


def _probes_host(container: Mapping[str, Any]) -> bool:
    lifecycle = mapping_of(container.get("lifecycle"))
    handlers = [container.get(name) for name in ("livenessProbe", "readinessProbe", "startupProbe")]
    handlers += [lifecycle.get(name) for name in ("postStart", "preStop")]
    return any(
        mapping_of(mapping_of(handler).get(way)).get("host")
        for handler in handlers
        for way in ("httpGet", "tcpSocket")
    )
