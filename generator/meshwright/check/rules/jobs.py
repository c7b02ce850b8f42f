"""What ends, or should: Jobs beside a proxy; and the settings of the proxy itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from meshwright.check.model.index import CONTROL_PLANE, Model
from meshwright.check.model.quantity import quantity
from meshwright.check.model.workloads import Workload, inject_mode, workloads
from meshwright.check.rules.rule import Hit, Severity, rule
from meshwright.linkerd.version import Edge
from meshwright.manifests.pointer import items_of

_PREFIX = "config.linkerd.io/"
_NATIVE = (
    f"{_PREFIX}proxy-enable-native-sidecar",
    "config.beta.linkerd.io/proxy-enable-native-sidecar",
    "config.alpha.linkerd.io/proxy-enable-native-sidecar",
)
# First edge whose chart has native sidecars on. source: linkerd2 009a25fa3.
_NATIVE_SINCE = Edge(2026, 5, 2)
_POLICIES = (
    "all-unauthenticated",
    "all-authenticated",
    "cluster-unauthenticated",
    "cluster-authenticated",
    "deny",
    "audit",
)
# Read from pods alone. source: linkerd2 pkg/inject/inject.go, ProxyAnnotations.
_POD_ONLY = (
    "enable-gateway",
    "close-wait-timeout",
    "debug-image",
    "debug-image-pull-policy",
    "debug-image-version",
    "proxy-cpu-ratio-limit",
)


def native_sidecars(model: Model, workload: Workload) -> bool | None:
    """Whether the proxy of a pod is a native sidecar; None when that cannot be told."""
    for key in _NATIVE:
        if key in workload.annotations:
            return str(workload.annotations[key]).lower() == "true"
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
    "A meshed Job that never ends",
    why="The proxy goes on when the Job's container is done, unless it is a native sidecar: the pod never "
    "completes, and a CronJob piles them up.",
    fix="set linkerd.io/inject: disabled on its pods, or proxy.nativeSidecar: true in the chart",
    source="linkerd.io, Native Sidecars; linkerd2 009a25fa3 (on by default since edge-26.5.2)",
)
def endless_job(model: Model) -> Iterator[Hit]:
    for workload in workloads(model):
        item = workload.item
        if item.built.kind not in ("Job", "CronJob") or inject_mode(model, workload) is None:
            continue
        if native_sidecars(model, workload) is False and "linkerd-await" not in _commands(workload):
            text = f"{item.title} is meshed, and its proxy is no native sidecar"
            yield Hit(item.at(*workload.template, "metadata"), text, subject=item.title)


@rule(
    "MW312",
    "linkerd-await-cannot-shut-down",
    "linkerd-await cannot stop the proxy",
    why="The proxy's shutdown endpoint is off unless it is asked for: linkerd-await --shutdown waits for ever.",
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
        if workload.annotations.get(f"{_PREFIX}proxy-admin-shutdown") != "enabled":
            text = f"{workload.item.title} runs linkerd-await --shutdown without proxy-admin-shutdown"
            yield Hit(workload.item.at(*workload.template, "metadata"), text, subject=workload.item.title)


@rule(
    "MW313",
    "proxy-request-above-limit",
    "The proxy asks for more than it may have",
    why="Kubernetes refuses a container whose request exceeds its limit: no pod is made.",
    fix="raise the limit or lower the request",
    source="Kubernetes, Resource Management for Pods and Containers",
)
def request_over_limit(model: Model) -> Iterator[Hit]:
    for workload in workloads(model):
        for resource in ("cpu", "memory"):
            keys = (f"{_PREFIX}proxy-{resource}-request", f"{_PREFIX}proxy-{resource}-limit")
            request, limit = (quantity(workload.annotations.get(key)) for key in keys)
            if request is not None and limit is not None and request > limit:
                values = [workload.annotations[key] for key in keys]
                at = workload.item.at(*workload.template, "metadata", "annotations", keys[0])
                text = f"{workload.item.title} requests {values[0]} of {resource} for its proxy, and limits it to {values[1]}"
                yield Hit(at, text, subject=workload.item.title)


@rule(
    "MW314",
    "annotation-not-read-from-namespace",
    "An annotation that is not read from a namespace",
    why="The injector takes most settings from the namespace too, but not these: they have no effect there.",
    fix="put it on the pods",
    source="linkerd2 pkg/inject/inject.go, ProxyAnnotations",
    severity=Severity.WARNING,
)
def not_inherited(model: Model) -> Iterator[Hit]:
    for item in model.items("Namespace", ""):
        for name in _POD_ONLY:
            key = f"{_PREFIX}{name}"
            if key in item.annotations:
                at = item.at("metadata", "annotations", key, key=True)
                yield Hit(at, f"{item.title} sets {key}, which is read from pods alone", subject=item.title)


@rule(
    "MW315",
    "native-sidecar-annotation-renamed",
    "An older name of the native sidecar's annotation",
    why="It is read for now and will go; the beta name is not read from a namespace.",
    fix=f"write {_PREFIX}proxy-enable-native-sidecar",
    source="linkerd2 pkg/k8s/labels.go; 009a25fa3",
    severity=Severity.WARNING,
    since="2026.5.2",
)
def older_native_name(model: Model) -> Iterator[Hit]:
    places: list[tuple[Any, tuple[str | int, ...]]] = [
        (workload.item, (*workload.template, "metadata", "annotations")) for workload in workloads(model)
    ]
    places += [(item, ("metadata", "annotations")) for item in model.items("Namespace", "")]
    for item, pointer in places:
        for key in _NATIVE[1:]:
            if key in item.mapping(*pointer):
                yield Hit(item.at(*pointer, key, key=True), f"{item.title} sets {key}", subject=item.title)


@rule(
    "MW316",
    "inbound-policy-unknown",
    "A default inbound policy that Linkerd does not know",
    why="The injector logs it and takes the default instead, which lets everybody in.",
    fix=f"write one of {', '.join(_POLICIES)}",
    source="linkerd2 pkg/inject/inject.go, default-inbound-policy",
)
def unknown_policy(model: Model) -> Iterator[Hit]:
    key = f"{_PREFIX}default-inbound-policy"
    places: list[tuple[Any, tuple[str | int, ...]]] = [
        (workload.item, (*workload.template, "metadata", "annotations")) for workload in workloads(model)
    ]
    places += [(item, ("metadata", "annotations")) for item in model.items("Namespace", "")]
    for item, pointer in places:
        value = item.mapping(*pointer).get(key)
        if value is not None and value not in _POLICIES:
            yield Hit(item.at(*pointer, key), f"{item.title} has {key} '{value}'", subject=item.title)
