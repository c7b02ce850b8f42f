"""Annotations on what is never injected, and settings that the proxy's mode does not read."""

from __future__ import annotations

from collections.abc import Iterator

from meshwright.check.model.annotationholders import chart_pods
from meshwright.check.model.index import CONTROL_PLANE, Model
from meshwright.check.model.workloads import INJECT, inject_mode, workload_of, workloads
from meshwright.check.rules.jobs import native_sidecars
from meshwright.check.rules.rule import Hit, Severity, rule

_CONFIG = "config.linkerd.io/"
_ADMISSION = f"{_CONFIG}admission-webhooks"
_WAIT = "config.alpha.linkerd.io/proxy-wait-before-exit-seconds"
# Kinds that make pods by way of somebody else, and give them no annotations of their own metadata.
_ELSEWHERE = {
    ("helm.toolkit.fluxcd.io", "HelmRelease"): "the chart's values, such as podAnnotations",
    ("kustomize.toolkit.fluxcd.io", "Kustomization"): "the pods, by a patch",
    ("argoproj.io", "Application"): "the pods that it deploys",
    ("helm.cattle.io", "HelmChart"): "spec.valuesContent",
    ("helm.cattle.io", "HelmChartConfig"): "spec.valuesContent",
    ("postgresql.cnpg.io", "Cluster"): "spec.inheritedMetadata.annotations",
    ("elasticsearch.k8s.elastic.co", "Elasticsearch"): "spec.nodeSets[].podTemplate",
    ("kibana.k8s.elastic.co", "Kibana"): "spec.podTemplate",
    ("monitoring.coreos.com", "Prometheus"): "spec.podMetadata",
    ("monitoring.coreos.com", "Alertmanager"): "spec.podMetadata",
    ("networking.k8s.io", "Ingress"): "the pods behind it",
    ("", "Service"): "the pods behind it",
    ("", "ConfigMap"): "pods or a Namespace",
    ("", "ServiceAccount"): "pods or a Namespace",
}


@rule(
    "MW309",
    "inject-on-unsupported-kind",
    "linkerd.io/inject is on a kind that is never injected",
    why="The injector looks at pods and their namespace; what makes pods in another way passes its own annotations "
    "to nobody.",
    fix="put it where the kind takes annotations for its pods",
    source="linkerd2 pkg/inject/report.go; the kinds' own references",
)
def on_another_kind(model: Model) -> Iterator[Hit]:
    for (group, kind), place in _ELSEWHERE.items():
        for item in model.items(kind, group):
            if item.annotations.get(INJECT) in ("enabled", "ingress") and workload_of(item) is None:
                at = item.at("metadata", "annotations", INJECT, key=True)
                text = f"{item.title} has {INJECT} on itself, and its pods never get it"
                yield Hit(at, text, f"put it into {place}", item.title)


@rule(
    "MW310",
    "label-annotation-swapped",
    "A setting of Linkerd is a label where it must be an annotation, or the other way round",
    why="config.linkerd.io/admission-webhooks is read from a Namespace's labels; all other settings of "
    "config.linkerd.io from annotations.",
    fix="move it to the annotations (admission-webhooks: to the labels)",
    source="linkerd2 pkg/healthcheck, l5d-data-plane-pod-labels and l5d-data-plane-services-labels",
)
def wrong_side(model: Model) -> Iterator[Hit]:
    places = [(workload.item, (*workload.template, "metadata")) for workload in workloads(model)]
    places += [(item, ("metadata",)) for kind in ("Namespace", "Service") for item in model.items(kind, "")]
    for item, pointer in places:
        for key in map(str, item.mapping(*pointer, "labels")):
            if key.startswith(_CONFIG) and key != _ADMISSION:
                at = item.at(*pointer, "labels", key, key=True)
                yield Hit(at, f"{item.title} has {key} among its labels", subject=item.title)
        if _ADMISSION in item.mapping(*pointer, "annotations"):
            at = item.at(*pointer, "annotations", _ADMISSION, key=True)
            yield Hit(at, f"{item.title} has {_ADMISSION} among its annotations", subject=item.title)


@rule(
    "MW317",
    "service-account-token-missing",
    "A pod without a token cannot prove who it is",
    why="Without projected tokens the proxy needs the pod's own: the injector leaves a pod alone that mounts none.",
    fix="leave identity.serviceAccountTokenProjection on, or mount the token",
    source="linkerd2 pkg/inject/report.go, automountServiceAccountToken",
)
def no_token(model: Model) -> Iterator[Hit]:
    for workload in workloads(model):
        item = workload.item
        if (
            workload.pod.get("automountServiceAccountToken") is not False
            or inject_mode(model, workload) is None
        ):
            continue
        for release in model.charts(CONTROL_PLANE, item.cluster):
            if release.value("identity", "serviceAccountTokenProjection") is False:
                at = item.at(*workload.template, "spec", "automountServiceAccountToken")
                where = release.at("identity", "serviceAccountTokenProjection")
                text = f"{item.title} mounts no token, and {release.title} ({where}) projects none"
                yield Hit(at, text, subject=item.title)


@rule(
    "MW318",
    "wait-before-exit-unused",
    "A native sidecar does not wait before it exits",
    why="The kubelet stops a native sidecar after all other containers: the setting is for the older kind of proxy "
    "and is not read.",
    fix="remove the annotation",
    source="linkerd2 charts/partials/templates/_proxy.tpl, waitBeforeExitSeconds",
    severity=Severity.WARNING,
    since="2026.5.2",
)
def idle_wait(model: Model) -> Iterator[Hit]:
    for workload in workloads(model):
        if _WAIT in workload.annotations and native_sidecars(model, workload) is True:
            at = workload.item.at(*workload.template, "metadata", "annotations", _WAIT, key=True)
            yield Hit(at, f"{workload.item.title} sets {_WAIT}", subject=workload.item.title)
    for holder in chart_pods(model):
        releases = model.charts(CONTROL_PLANE, holder.cluster)
        native = [
            release.value("proxy", "nativeSidecar") is not False for release in releases if release.complete
        ]
        if _WAIT in holder.annotations and native == [True]:
            yield Hit(holder.at(_WAIT, key=True), f"{holder.title} sets {_WAIT}", subject=holder.title)
