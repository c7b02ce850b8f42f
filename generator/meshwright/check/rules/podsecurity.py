"""Pod Security: levels of namespaces that reject meshed pods, and pods that their level rejects."""

from __future__ import annotations

from collections.abc import Iterator

from meshwright.check.model.annotationholders import chart_pods
from meshwright.check.model.index import CONTROL_PLANE, Item, Model
from meshwright.check.model.injection import inject_mode, namespace_injects
from meshwright.check.model.postrenderers import patched_annotations
from meshwright.check.model.workloads import workloads_in
from meshwright.check.rules.rule import Hit, rule
from meshwright.linkerd.injection import INJECT, INJECTING
from meshwright.podsecurity import ENFORCE, Level, enforced, violations

# What changes pods before Pod Security sees them.
_MUTATING_CHARTS = ("kyverno", "gatekeeper")
_MUTATING_KINDS = ("MutatingAdmissionPolicy", "MutatingPolicy", "Assign", "ModifySet")


@rule(
    "MW305",
    "pod-security-blocks-linkerd-init",
    "Pod Security blocks linkerd-init in a meshed namespace",
    why="linkerd-init needs NET_ADMIN and NET_RAW. Levels baseline and restricted forbid both, so no pod is created.",
    fix="set the level to privileged, or use linkerd-cni",
    source="Kubernetes Pod Security Standards; linkerd2 charts/partials, _proxy-init.tpl, by cniEnabled",
)
def pod_security(model: Model) -> Iterator[Hit]:
    for item in model.items("Namespace", ""):
        level = _level(model, item)
        if not _blocks_linkerd_init(model, item, level):
            continue
        if namespace_injects(model, item.cluster, item.name):
            text = f"{item.title} is meshed, but enforces Pod Security level {level.name}"
        elif pods := list(_meshed_pods(model, item)):
            who = f"{pods[0]} is" if len(pods) == 1 else f"{pods[0]} and {len(pods) - 1} more are"
            text = f"{who} meshed, but {item.title} enforces Pod Security level {level.name}"
        else:
            continue
        yield Hit(item.at("metadata", "labels", ENFORCE), text, subject=item.title)


def _level(model: Model, namespace: Item) -> Level:
    return enforced(namespace.labels, int(model.kubernetes.rpartition(".")[2]))


def _blocks_linkerd_init(model: Model, namespace: Item, level: Level) -> bool:
    return not level.allows_linkerd_init and _uses_linkerd_init(model, namespace.cluster)


def _uses_linkerd_init(model: Model, cluster: str) -> bool:
    """By the control plane's cniEnabled; without a control plane, unless something installs the CNI plugin."""
    planes = list(model.charts(CONTROL_PLANE, cluster))
    if planes:
        return not any(plane.value("cniEnabled") is True or not plane.complete for plane in planes)
    return not model.charts("linkerd2-cni", cluster)


def _meshed_pods(model: Model, namespace: Item) -> Iterator[str]:
    """Workloads and releases that request a proxy themselves in a namespace, with their places."""
    for workload in workloads_in(model, namespace.cluster, namespace.name):
        if inject_mode(model, workload) is not None:
            where = workload.item.at(*workload.template, "metadata", "annotations", INJECT)
            yield f"{workload.item.title} ({where})"
    for holder in chart_pods(model):
        here = (holder.cluster, holder.namespace) == (namespace.cluster, namespace.name)
        if here and holder.annotations.get(INJECT) in INJECTING:
            yield f"{holder.title} ({holder.at(INJECT)})"
    for release in model.releases:
        here = (release.cluster, release.namespace) == (namespace.cluster, namespace.name)
        if here and any(value in INJECTING for value in patched_annotations(release, INJECT)):
            yield f"{release.title} ({release.position})"


@rule(
    "MW320",
    "pod-security-rejects-pod",
    "The Pod Security level of its namespace rejects a pod",
    why="The API server accepts the workload and then refuses each of its pods, which only the workload's "
    "events show. The labels warn and audit reject nothing.",
    fix="change the pod, or set the namespace to a level that allows it",
    source="Kubernetes Pod Security Standards; pod-security-admission 0.36, policy",
)
def rejected_pod(model: Model) -> Iterator[Hit]:
    for namespace in model.items("Namespace", ""):
        level = _level(model, namespace)
        if level.name == "privileged" or _changes_pods(model, namespace.cluster):
            continue
        for workload in workloads_in(model, namespace.cluster, namespace.name):
            if inject_mode(model, workload) and _blocks_linkerd_init(model, namespace, level):
                # MW305 reports the namespace.
                continue
            found = list(violations(level, workload.annotations, workload.pod))
            if found:
                item, where = workload.item, namespace.at("metadata", "labels", ENFORCE)
                more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
                text = f"{item.title} {found[0]}{more}, but {namespace.title} ({where}) enforces {level.name}"
                yield Hit(item.at(*workload.template, "spec"), text, subject=item.title)


def _changes_pods(model: Model, cluster: str) -> bool:
    """Whether a policy engine may change pods, so that what is written is not what is judged."""
    if any(model.charts(name, cluster) for name in _MUTATING_CHARTS):
        return True
    return any(item.cluster == cluster for kind in _MUTATING_KINDS for item in model.items(kind))
