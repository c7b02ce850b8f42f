"""The proxy's settings: its resources, its default policy, and settings that its mode ignores."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from meshwright.check.model.annotationholders import chart_pods
from meshwright.check.model.index import CONTROL_PLANE, Model
from meshwright.check.model.injection import may_be_meshed, proxy_settings
from meshwright.check.model.workloads import Workload, workloads
from meshwright.check.rules.jobs import NATIVE_SIDECAR, native_sidecars
from meshwright.check.rules.rule import Hit, Severity, rule
from meshwright.errors import Position
from meshwright.linkerd.proxysettings import Setting
from meshwright.quantity import quantity

_PREFIX = "config.linkerd.io/"
_WAIT = "config.alpha.linkerd.io/proxy-wait-before-exit-seconds"
_POLICIES = (
    "all-unauthenticated",
    "all-authenticated",
    "cluster-unauthenticated",
    "cluster-authenticated",
    "deny",
    "audit",
)


@rule(
    "MW313",
    "proxy-request-above-limit",
    "The proxy's resource request exceeds its limit",
    why="Kubernetes rejects a container whose request exceeds its limit, so no pod is created.",
    fix="raise the limit or lower the request",
    source="Kubernetes, Resource Management for Pods and Containers",
)
def request_over_limit(model: Model) -> Iterator[Hit]:
    for workload in workloads(model):
        if not may_be_meshed(model, workload):
            continue
        settings = proxy_settings(model, workload)
        for resource in ("cpu", "memory", "ephemeral-storage"):
            request, limit = (settings.resource(resource, bound) for bound in ("request", "limit"))
            if request is None or limit is None or request.holder == limit.holder == "chart":
                continue
            asked, most = quantity(request.value), quantity(limit.value)
            if asked is not None and most is not None and asked > most:
                at = _annotation(model, workload, resource, (("request", request), ("limit", limit)))
                text = f"{workload.item.title} requests {request.value} of {resource} for its proxy, but limits it to {limit.value}"
                yield Hit(at, text, subject=workload.item.title)


def _annotation(
    model: Model, workload: Workload, resource: str, bounds: Iterable[tuple[str, Setting]]
) -> Position:
    """The position of the first of two settings that is an annotation, those of the pod first."""
    item = workload.item
    found = {setting.holder: f"{_PREFIX}proxy-{resource}-{bound}" for bound, setting in reversed([*bounds])}
    namespace = model.find(item.cluster, "Namespace", "", item.namespace)
    if "pod" in found or namespace is None:
        return item.at(*workload.template, "metadata", "annotations", found.get("pod", ""))
    return namespace.at("metadata", "annotations", found["namespace"])


@rule(
    "MW315",
    "native-sidecar-annotation-renamed",
    "The native sidecar annotation has an old name",
    why="The old names still work but will be removed, and the beta name is not read from a namespace.",
    fix=f"use {_PREFIX}proxy-enable-native-sidecar",
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
        for key in NATIVE_SIDECAR[1:]:
            if key in item.mapping(*pointer):
                yield Hit(
                    item.at(*pointer, key, key=True),
                    f"{item.title} sets {key}, the old name of {_PREFIX}proxy-enable-native-sidecar",
                    subject=item.title,
                )


@rule(
    "MW316",
    "inbound-policy-unknown",
    "Linkerd does not know the default inbound policy",
    why="The injector logs it and uses the mesh's default policy instead, which allows all clients unless you "
    "set another one.",
    fix=f"use one of {', '.join(_POLICIES)}",
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
            yield Hit(
                item.at(*pointer, key),
                f"{item.title} has {key} '{value}', which Linkerd does not know",
                subject=item.title,
            )


@rule(
    "MW318",
    "wait-before-exit-unused",
    "A native sidecar does not wait before it exits",
    why="The kubelet stops a native sidecar after all other containers. The setting applies only to "
    "regular sidecars, so a native sidecar ignores it.",
    fix="remove the annotation",
    source="linkerd2 charts/partials/templates/_proxy.tpl, waitBeforeExitSeconds",
    severity=Severity.WARNING,
    since="2026.5.2",
)
def idle_wait(model: Model) -> Iterator[Hit]:
    for workload in workloads(model):
        if _waits(workload.annotations) and native_sidecars(model, workload) is True:
            at = workload.item.at(*workload.template, "metadata", "annotations", _WAIT, key=True)
            yield Hit(
                at,
                f"{workload.item.title} sets {_WAIT}, which native sidecars ignore",
                subject=workload.item.title,
            )
    for holder in chart_pods(model):
        releases = model.charts(CONTROL_PLANE, holder.cluster)
        native = [
            release.value("proxy", "nativeSidecar") is not False for release in releases if release.complete
        ]
        if _waits(holder.annotations) and native == [True]:
            yield Hit(
                holder.at(_WAIT, key=True),
                f"{holder.title} sets {_WAIT}, which native sidecars ignore",
                subject=holder.title,
            )


def _waits(annotations: Mapping[str, Any]) -> bool:
    """Whether pods ask to wait: 0 seconds is what a native sidecar does anyway."""
    return str(annotations.get(_WAIT, "0")) != "0"
