"""Annotations and labels on objects from which Linkerd does not read them."""

from __future__ import annotations

from collections.abc import Iterator

from meshwright.check.model.index import Model
from meshwright.check.model.workloads import workload_of, workloads
from meshwright.check.rules.rule import Hit, Severity, rule
from meshwright.linkerd.injection import INJECT

_CONFIG = "config.linkerd.io/"
_ADMISSION = f"{_CONFIG}admission-webhooks"
# Kinds whose pods another controller creates, without the annotations in the metadata of the object.
_ELSEWHERE = {
    ("helm.toolkit.fluxcd.io", "HelmRelease"): "in the chart's values, such as podAnnotations",
    ("kustomize.toolkit.fluxcd.io", "Kustomization"): "on the pods, with a patch",
    ("argoproj.io", "Application"): "on the pods that it deploys",
    ("helm.cattle.io", "HelmChart"): "in spec.valuesContent",
    ("helm.cattle.io", "HelmChartConfig"): "in spec.valuesContent",
    ("postgresql.cnpg.io", "Cluster"): "in spec.inheritedMetadata.annotations",
    ("elasticsearch.k8s.elastic.co", "Elasticsearch"): "in spec.nodeSets[].podTemplate",
    ("kibana.k8s.elastic.co", "Kibana"): "in spec.podTemplate",
    ("monitoring.coreos.com", "Prometheus"): "in spec.podMetadata",
    ("monitoring.coreos.com", "Alertmanager"): "in spec.podMetadata",
    ("networking.k8s.io", "Ingress"): "on the pods behind it",
    ("", "Service"): "on the pods behind it",
    ("", "ConfigMap"): "on pods or a Namespace",
    ("", "ServiceAccount"): "on pods or a Namespace",
}
# Linkerd's own extensions annotate their Services, too, beside their pods. source: linkerd2 viz/charts/linkerd-viz.
_EXTENSION = "linkerd.io/extension"
# Read from pods alone. source: linkerd2 pkg/inject/inject.go, ProxyAnnotations.
_POD_ONLY = (
    "enable-gateway",
    "close-wait-timeout",
    "debug-image",
    "debug-image-pull-policy",
    "debug-image-version",
    "proxy-cpu-ratio-limit",
)


@rule(
    "MW309",
    "inject-on-unsupported-kind",
    "linkerd.io/inject is on a kind that is never injected",
    why="The injector reads the annotations of pods and their namespace. Other kinds do not copy their own "
    "annotations to pods.",
    fix="set it where the kind takes annotations for its pods",
    source="linkerd2 pkg/inject/report.go; the kinds' own references",
)
def on_another_kind(model: Model) -> Iterator[Hit]:
    for (group, kind), place in _ELSEWHERE.items():
        for item in model.items(kind, group):
            if _EXTENSION in item.mapping("metadata", "labels"):
                continue
            if item.annotations.get(INJECT) in ("enabled", "ingress") and workload_of(item) is None:
                at = item.at("metadata", "annotations", INJECT, key=True)
                text = f"{item.title} has {INJECT} on itself, but its pods do not inherit it"
                yield Hit(at, text, f"set it {place}", item.title)


@rule(
    "MW310",
    "label-annotation-swapped",
    "A Linkerd setting is a label instead of an annotation, or the reverse",
    why="Linkerd reads config.linkerd.io/admission-webhooks from a Namespace's labels, and all other "
    "config.linkerd.io settings from annotations.",
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
                yield Hit(
                    at,
                    f"{item.title} has label {key}, which Linkerd reads only as an annotation",
                    subject=item.title,
                )
        if _ADMISSION in item.mapping(*pointer, "annotations"):
            at = item.at(*pointer, "annotations", _ADMISSION, key=True)
            yield Hit(
                at,
                f"{item.title} has annotation {_ADMISSION}, which Linkerd reads only as a label",
                subject=item.title,
            )


@rule(
    "MW314",
    "annotation-not-read-from-namespace",
    "An annotation has no effect on a Namespace",
    why="The injector reads most settings from the namespace too, but this one only from pods.",
    fix="set it on the pods",
    source="linkerd2 pkg/inject/inject.go, ProxyAnnotations",
    severity=Severity.WARNING,
)
def not_inherited(model: Model) -> Iterator[Hit]:
    for item in model.items("Namespace", ""):
        for name in _POD_ONLY:
            key = f"{_CONFIG}{name}"
            if key in item.annotations:
                at = item.at("metadata", "annotations", key, key=True)
                yield Hit(
                    at, f"{item.title} sets {key}, which Linkerd reads only from pods", subject=item.title
                )
