"""Injection: annotations that the injector ignores, and pods that it does not inject."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from meshwright.check.model.annotationholders import annotation_holders, chart_pods, holder_of
from meshwright.check.model.index import Item, Model
from meshwright.check.model.injection import (
    control_plane,
    injector,
    namespace_of,
    proxy_settings,
    service_account,
)
from meshwright.check.model.workloads import Workload, workloads
from meshwright.check.rules.rule import Hit, Severity, rule
from meshwright.flux.substitution import unresolved
from meshwright.labelselector import matches
from meshwright.linkerd.injection import (
    INJECT,
    INJECT_VALUES,
    INJECTING,
    inject_value,
    mounts_token,
    verdict,
)
from meshwright.words import did_you_mean
from meshwright.yaml.pointer import Pointer, items_of, mapping_of

_REMOVED = frozenset({"config.linkerd.io/init-image", "config.linkerd.io/init-image-version"})
# linkerd2 edge-26.8.3, pkg/k8s/labels.go.
_CONFIG = frozenset(
    [
        "access-log",
        "admin-port",
        "close-wait-timeout",
        "control-port",
        "debug-image",
        "debug-image-pull-policy",
        "debug-image-version",
        "default-inbound-policy",
        "enable-debug-sidecar",
        "enable-external-profiles",
        "enable-gateway",
        "image-pull-policy",
        "inbound-port",
        "opaque-ports",
        "outbound-port",
        "pod-inbound-ports",
        "proxy-additional-env",
        "proxy-admin-shutdown",
        "proxy-await",
        "proxy-cpu-limit",
        "proxy-cpu-ratio-limit",
        "proxy-cpu-request",
        "proxy-disable-inbound-protocol-detect-timeout",
        "proxy-disable-outbound-protocol-detect-timeout",
        "proxy-enable-native-sidecar",
        "proxy-ephemeral-storage-limit",
        "proxy-ephemeral-storage-request",
        "proxy-gid",
        "proxy-image",
        "proxy-inbound-connect-timeout",
        "proxy-inbound-discovery-cache-unused-timeout",
        "proxy-log-format",
        "proxy-log-http-headers",
        "proxy-log-level",
        "proxy-memory-limit",
        "proxy-memory-request",
        "proxy-metrics-hostname-labels",
        "proxy-outbound-connect-timeout",
        "proxy-outbound-discovery-cache-unused-timeout",
        "proxy-require-identity-inbound-ports",
        "proxy-uid",
        "proxy-version",
        "shutdown-grace-period",
        "skip-inbound-ports",
        "skip-outbound-ports",
        "skip-subnets",
    ]
)
_PREFIX = "config.linkerd.io/"


def _holders(model: Model) -> Iterator[tuple[Item, Pointer]]:
    """Where injection annotations take effect: pod templates and Namespaces."""
    for workload in workloads(model):
        yield workload.item, (*workload.template, "metadata")
    for item in model.items("Namespace", ""):
        yield item, ("metadata",)


@rule(
    "MW301",
    "inject-on-workload",
    "linkerd.io/inject is on the workload instead of its pod template",
    why="The injector reads the annotations of pods and namespaces; on the workload itself the annotation "
    "has no effect.",
    fix="move it to metadata.annotations of the pod template",
    source="linkerd2 pkg/inject/inject.go; linkerd2#4856",
)
def on_the_workload(model: Model) -> Iterator[Hit]:
    for workload in workloads(model):
        item = workload.item
        for pointer in _above_template(workload):
            if INJECT in item.mapping(*pointer, "annotations") and INJECT not in workload.annotations:
                at = item.at(*pointer, "annotations", INJECT, key=True)
                where = "itself" if pointer == ("metadata",) else "its Jobs"
                text = f"{item.title} has {INJECT} on {where}, but not on its pod template"
                yield Hit(at, text, subject=item.title)


def _above_template(workload: Workload) -> Iterator[Pointer]:
    """The metadata above the pod template, which pods do not inherit."""
    if workload.template:
        yield ("metadata",)
    if workload.item.built.kind == "CronJob":
        yield ("spec", "jobTemplate", "metadata")


@rule(
    "MW302",
    "inject-as-label",
    "linkerd.io/inject is a label",
    why="The injector reads only annotations, so the pods stay out of the mesh.",
    fix="make it an annotation",
    source="linkerd2#4856",
)
def as_a_label(model: Model) -> Iterator[Hit]:
    above = [(each.item, pointer) for each in workloads(model) for pointer in _above_template(each)]
    for item, pointer in (*_holders(model), *above):
        if INJECT in item.mapping(*pointer, "labels"):
            at = item.at(*pointer, "labels", INJECT, key=True)
            text = f"{item.title} has label {INJECT}, but the injector reads only annotations"
            yield Hit(at, text, subject=item.title)


@rule(
    "MW303",
    "inject-value-unknown",
    "linkerd.io/inject has an unknown value",
    why="A pod with an unknown value gets no proxy. With an unknown value on its Namespace, no pod gets one, not "
    "even a pod that is annotated with enabled. Nothing reports it. An empty value counts as no annotation.",
    fix="use enabled, ingress or disabled",
    source="linkerd2 pkg/inject/report.go, ValidInjectAnnotationValues",
)
def unknown_value(model: Model) -> Iterator[Hit]:
    for holder in annotation_holders(model):
        value = inject_value(holder.annotations)
        if value and value not in INJECT_VALUES and not unresolved(value):
            hint = did_you_mean(value, INJECT_VALUES)
            whose = " for all its pods" if holder.title.startswith("Namespace ") else ""
            text = f"{holder.title} has {INJECT} '{value}', which turns injection off{whose}{hint}"
            yield Hit(holder.at(INJECT), text, subject=holder.title)


@rule(
    "MW304",
    "inject-on-host-network",
    "A pod on the host network requests injection",
    why="The injector skips pods with hostNetwork, because redirecting their traffic would redirect the "
    "node's.",
    fix="remove the annotation or hostNetwork",
    source="linkerd2 pkg/inject/report.go, hostNetwork",
)
def host_network(model: Model) -> Iterator[Hit]:
    for workload in workloads(model):
        if workload.pod.get("hostNetwork") is True and workload.annotations.get(INJECT) in INJECTING:
            at = workload.item.at(*workload.template, "metadata", "annotations", INJECT)
            text = f"{workload.item.title} requests injection, but uses the host network"
            yield Hit(at, text, subject=workload.item.title)


@rule(
    "MW306",
    "inject-in-excluded-namespace",
    "Injection is requested in a namespace that the webhook skips",
    why="The injector's webhook skips kube-system, cert-manager and namespaces with the label "
    "config.linkerd.io/admission-webhooks: disabled.",
    fix="move the workload to another namespace, or remove the annotation",
    source="linkerd-control-plane values.yaml, proxyInjector.namespaceSelector (since edge-22.2.1)",
)
def excluded_namespace(model: Model) -> Iterator[Hit]:
    for item in model.items("Namespace", ""):
        if item.annotations.get(INJECT) in INJECTING and _excludes(model, item.cluster, item.name):
            text = f"{item.title} requests injection, but the webhook skips it"
            yield Hit(item.at("metadata", "annotations", INJECT), text, subject=item.title)
    for workload in workloads(model):
        item = workload.item
        if workload.annotations.get(INJECT) in INJECTING and _excludes(model, item.cluster, item.namespace):
            at = item.at(*workload.template, "metadata", "annotations", INJECT)
            text = f"{item.title} requests injection, but the webhook skips namespace {item.namespace}"
            yield Hit(at, text, subject=item.title)
    for holder in chart_pods(model):
        # What k3s packages has a rule of its own.
        if holder.annotations.get(INJECT) not in INJECTING or holder.title.startswith("HelmChartConfig"):
            continue
        if _excludes(model, holder.cluster, holder.namespace):
            text = f"{holder.title} requests injection, but the webhook skips namespace {holder.namespace}"
            yield Hit(holder.at(INJECT), text, subject=holder.title)


def _excludes(model: Model, cluster: str, name: str) -> bool:
    namespace = namespace_of(model, cluster, name)
    return not matches(injector(model, cluster).namespace_selector, namespace.all_labels)


@rule(
    "MW307",
    "annotation-removed",
    "Linkerd no longer reads an annotation",
    why="Since edge-25.11.3 proxy-init is part of the proxy image, and the annotation is ignored.",
    fix="remove it",
    source="linkerd2 0e9a38d7d (#14577)",
    severity=Severity.WARNING,
    since="2025.11.3",
)
def removed_annotation(model: Model) -> Iterator[Hit]:
    for holder in annotation_holders(model):
        for key in sorted(_REMOVED & holder.annotations.keys()):
            text = f"{holder.title} sets {key}, which was removed in edge-25.11.3"
            yield Hit(holder.at(key, key=True), text, subject=holder.title)


@rule(
    "MW308",
    "annotation-unknown",
    "Linkerd does not know a config.linkerd.io annotation",
    why="Linkerd ignores an unknown annotation and at most logs it, so the setting has no effect.",
    fix="use an annotation that Linkerd knows",
    source="linkerd2 edge-26.8.3, pkg/k8s/labels.go",
)
def unknown_annotation(model: Model) -> Iterator[Hit]:
    known = [f"{_PREFIX}{name}" for name in _CONFIG]
    services = (holder_of(item, ("metadata", "annotations")) for item in model.items("Service", ""))
    for holder in (*annotation_holders(model), *services):
        for key in map(str, holder.annotations):
            if key.startswith(_PREFIX) and key not in known and key not in _REMOVED:
                text = f"{holder.title} sets {key}, which Linkerd does not know{did_you_mean(key, known)}"
                yield Hit(holder.at(key, key=True), text, subject=holder.title)


@rule(
    "MW317",
    "service-account-token-missing",
    "A meshed pod mounts no service account token",
    why="Without projected tokens the proxy needs the pod's own token, and the injector skips pods that do "
    "not mount one.",
    fix="keep identity.serviceAccountTokenProjection enabled, or mount the token",
    source="linkerd2 pkg/inject/report.go, automountServiceAccountToken",
)
def no_token(model: Model) -> Iterator[Hit]:
    for workload in workloads(model):
        item, settings = workload.item, proxy_settings(model, workload)
        release = control_plane(model, item.cluster)
        if release is None or settings.injector.projects_tokens or mounts_token(settings.pod):
            continue
        others = replace(settings.injector, projects_tokens=True)
        if not verdict(settings.pod, settings.namespace, others).injected:
            continue
        account = service_account(model, workload)
        field = "automountServiceAccountToken"
        if settings.pod.account_mounts is False and field not in workload.pod and account is not None:
            at, who = account.at(field), f"{account.title}, used by {item.title},"
        else:
            at, who = item.at(*workload.template, "spec", field), item.title
        where = release.at("identity", "serviceAccountTokenProjection")
        text = f"{who} mounts no service account token, and {release.title} ({where}) projects none"
        yield Hit(at, text, subject=item.title)


@rule(
    "MW319",
    "inject-on-excluded-pod",
    "Injection is requested for pods that the webhook skips by their labels",
    why="The injector's webhook skips pods with the label linkerd.io/control-plane-component or "
    "linkerd.io/cni-resource, so they get no proxy, and nothing reports it.",
    fix="remove the label from the pod template, or set linkerd.io/inject: disabled",
    source="linkerd-control-plane values.yaml, proxyInjector.objectSelector",
)
def excluded_pod(model: Model) -> Iterator[Hit]:
    for workload in workloads(model):
        item, settings = workload.item, proxy_settings(model, workload)
        everywhere = replace(settings.injector, object_selector={})
        if matches(settings.injector.object_selector, settings.pod.labels):
            continue
        if not verdict(settings.pod, settings.namespace, everywhere).injected:
            continue
        terms = items_of(settings.injector.object_selector.get("matchExpressions"))
        names = [str(mapping_of(term).get("key")) for term in terms]
        label = next((name for name in names if name in settings.pod.labels), "")
        at = item.at(*workload.template, "metadata", "labels", *([label] if label else []), key=True)
        what = f"pods with label {label}" if label else "pods with its labels"
        text = f"{item.title} requests injection, but the webhook skips {what}"
        yield Hit(at, text, subject=item.title)
