"""Jobs, and when their proxy ends; whether a proxy is a native sidecar."""

from __future__ import annotations

from collections.abc import Iterator

from meshwright.check.model.index import CONTROL_PLANE, Model
from meshwright.check.model.injection import inject_mode, proxy_settings
from meshwright.check.model.workloads import Workload, workloads
from meshwright.check.rules.rule import Hit, rule
from meshwright.linkerd.proxysettings import read_bool
from meshwright.linkerd.version import EdgeRelease
from meshwright.yaml.pointer import items_of

_PREFIX = "config.linkerd.io/"
NATIVE_SIDECAR = (
    f"{_PREFIX}proxy-enable-native-sidecar",
    "config.beta.linkerd.io/proxy-enable-native-sidecar",
    "config.alpha.linkerd.io/proxy-enable-native-sidecar",
)
# First edge whose chart has native sidecars on. source: linkerd2 009a25fa3.
_NATIVE_SINCE = EdgeRelease(2026, 5, 2)


def native_sidecars(model: Model, workload: Workload) -> bool | None:
    """Whether the proxy of a pod is a native sidecar; None when that cannot be told."""
    settings = proxy_settings(model, workload)
    for key in NATIVE_SIDECAR:
        set_by = settings.annotation(key)
        value = read_bool(set_by.value) if set_by is not None else None
        if value is not None:
            return value
    releases = model.charts(CONTROL_PLANE, workload.item.cluster)
    if len(releases) != 1 or not releases[0].complete:
        return None
    value = releases[0].value("proxy", "nativeSidecar")
    if isinstance(value, bool):
        return value
    version = model.linkerd(workload.item.cluster)
    return None if version is None else version >= _NATIVE_SINCE


def _commands(workload: Workload) -> str:
    containers = [item for item in items_of(workload.pod.get("containers")) if isinstance(item, dict)]
    return " ".join(str(item.get(key, "")) for item in containers for key in ("command", "args"))


@rule(
    "MW311",
    "job-never-completes",
    "A meshed Job never completes",
    why="Unless it is a native sidecar, the proxy keeps running after the Job's container has exited. The "
    "pod never completes, and the pods of a CronJob accumulate.",
    fix="set linkerd.io/inject: disabled on its pods, or proxy.nativeSidecar: true in the chart",
    source="linkerd.io, Native Sidecars; linkerd2 009a25fa3 (on by default since edge-26.5.2)",
)
def endless_job(model: Model) -> Iterator[Hit]:
    for workload in workloads(model):
        item = workload.item
        if item.built.kind not in ("Job", "CronJob") or inject_mode(model, workload) is None:
            continue
        if native_sidecars(model, workload) is False and "linkerd-await" not in _commands(workload):
            text = f"{item.title} is meshed, but its proxy is not a native sidecar"
            yield Hit(item.at(*workload.template, "metadata"), text, subject=item.title)


@rule(
    "MW312",
    "linkerd-await-cannot-shut-down",
    "linkerd-await cannot shut down the proxy",
    why="The proxy's shutdown endpoint is disabled by default, so linkerd-await --shutdown waits forever.",
    fix="add the annotation config.linkerd.io/proxy-admin-shutdown: enabled to the pods",
    source="linkerd2 35fb2d6d1",
    since="2024.6.2",
)
def no_shutdown(model: Model) -> Iterator[Hit]:
    for workload in workloads(model):
        commands = _commands(workload)
        if "linkerd-await" not in commands or "--shutdown" not in commands:
            continue
        releases = model.charts(CONTROL_PLANE, workload.item.cluster)
        if any(release.value("proxy", "enableShutdownEndpoint") is True for release in releases):
            continue
        set_by = proxy_settings(model, workload).annotation(f"{_PREFIX}proxy-admin-shutdown")
        if set_by is None or set_by.value != "enabled":
            text = f"{workload.item.title} runs linkerd-await --shutdown, but does not set {_PREFIX}proxy-admin-shutdown"
            yield Hit(workload.item.at(*workload.template, "metadata"), text, subject=workload.item.title)
