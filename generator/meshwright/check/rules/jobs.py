"""Jobs, and when their proxy ends; whether a proxy is a native sidecar."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from meshwright.check.model.index import CONTROL_PLANE, Model
from meshwright.check.model.injection import inject_mode, may_be_meshed, proxy_settings
from meshwright.check.model.workloads import Workload, workloads
from meshwright.check.rules.rule import Hit, rule
from meshwright.linkerd.proxysettings import read_bool
from meshwright.linkerd.version import EdgeRelease
from meshwright.yaml.pointer import items_of, mapping_of

_PREFIX = "config.linkerd.io/"
NATIVE_SIDECAR = (
    f"{_PREFIX}proxy-enable-native-sidecar",
    "config.beta.linkerd.io/proxy-enable-native-sidecar",
    "config.alpha.linkerd.io/proxy-enable-native-sidecar",
)
# First edge whose chart has native sidecars on. source: linkerd2 009a25fa3.
_NATIVE_SINCE = EdgeRelease(2026, 5, 2)
# source: linkerd-await, README.md, "Usage".
_SHUTDOWN = frozenset({"--shutdown", "-S"})
_WITH_VALUE = frozenset({"--backoff", "-b", "--port", "-p", "--timeout", "-t"})


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


def _awaits_and_stops(workload: Workload) -> bool:
    """Whether a container runs linkerd-await with --shutdown, itself or in a shell's command line."""
    for container in items_of(workload.pod.get("containers")):
        given = mapping_of(container)
        lines = [*items_of(given.get("command")), *items_of(given.get("args"))]
        words = [word for line in lines for word in str(line).split()]
        for at, word in enumerate(words):
            if word.rpartition("/")[2] == "linkerd-await" and _SHUTDOWN & set(_options(words[at + 1 :])):
                return True
    return False


def _options(words: Sequence[str]) -> Iterator[str]:
    """The options before the command, without their values; short ones apart."""
    rest = iter(words)
    for word in rest:
        if word == "--" or not word.startswith("-"):
            return
        long = word.startswith("--")
        yield from [word.partition("=")[0]] if long else (f"-{letter}" for letter in word[1:])
        if word in _WITH_VALUE:
            next(rest, "")


def _asks_for_shutdown(workload: Workload) -> bool:
    """Whether a container's command calls the proxy's shutdown endpoint by itself."""
    containers = map(mapping_of, items_of(workload.pod.get("containers")))
    commands = "".join(str(given.get(key, "")) for given in containers for key in ("command", "args"))
    return "4191/shutdown" in commands


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
        if _awaits_and_stops(workload) or _asks_for_shutdown(workload):
            continue
        if native_sidecars(model, workload) is False:
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
        if not _awaits_and_stops(workload) or not may_be_meshed(model, workload):
            continue
        releases = model.charts(CONTROL_PLANE, workload.item.cluster)
        if any(release.value("proxy", "enableShutdownEndpoint") is True for release in releases):
            continue
        set_by = proxy_settings(model, workload).annotation(f"{_PREFIX}proxy-admin-shutdown")
        if set_by is None or set_by.value != "enabled":
            text = f"{workload.item.title} runs linkerd-await --shutdown, but does not set {_PREFIX}proxy-admin-shutdown"
            yield Hit(workload.item.at(*workload.template, "metadata"), text, subject=workload.item.title)
