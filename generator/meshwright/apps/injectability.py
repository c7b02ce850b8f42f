"""Whether Linkerd's injector adds a proxy to a workload's pods, by the injector's rules applied to files.

source: linkerd2 edge-26.8.3: pkg/inject/report.go (Injectable, disabledByAnnotation), HasExistingSidecars in
pkg/healthcheck/sidecar.go, and the chart's proxyInjector.namespaceSelector.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from meshwright.apps.model import PodOwner
from meshwright.apps.podports import pod_spec
from meshwright.manifests.unit import BuiltObject
from meshwright.yaml.pointer import holds, items_of, mapping_of, value_at

INJECT = "linkerd.io/inject"
_ENABLED = frozenset({"enabled", "ingress"})
_VALID = _ENABLED | {"disabled"}
_SIDECARS = frozenset({"linkerd-proxy", "istio-proxy"})
_INIT = frozenset({"linkerd-init", "istio-init"})
_IMAGES = ("cr.l5d.io/linkerd/proxy:", "gcr.io/istio-release/proxyv2:")
_INIT_IMAGES = ("cr.l5d.io/linkerd/proxy-init:", "gcr.io/istio-release/proxy_init:")
# Excluded from the injector's webhook; flux-system is added by this template.
EXCLUDED_NAMESPACES = frozenset({"kube-system", "cert-manager", "flux-system", "linkerd", "linkerd-cni"})
ADMISSION_LABEL = "config.linkerd.io/admission-webhooks"


@dataclass(frozen=True)
class Verdict:
    """``reason`` says why, phrased to follow "because"."""

    injected: bool
    reason: str


@dataclass(frozen=True)
class NamespaceFacts:
    """The fields of a Namespace that the injector reads; ``inject`` is its annotation, or None."""

    name: str
    inject: str | None = None
    is_excluded: bool = False


def namespace_facts(name: str, item: BuiltObject | None) -> NamespaceFacts:
    """The facts of a Namespace from its name, and from its object if there is one."""
    if item is None:
        return NamespaceFacts(name, None, name in EXCLUDED_NAMESPACES)
    metadata = item.data.get("metadata")
    labels = metadata.get("labels") if isinstance(metadata, Mapping) else None
    annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    value = annotations.get(INJECT) if isinstance(annotations, Mapping) else None
    excluded = isinstance(labels, Mapping) and labels.get(ADMISSION_LABEL) == "disabled"
    return NamespaceFacts(
        name, None if value is None else str(value), excluded or name in EXCLUDED_NAMESPACES
    )


def blocked(item: BuiltObject, owner: PodOwner) -> str | None:
    """Why the injector ignores such pods regardless of annotations; None if it does not."""
    spec = pod_spec(item, owner)
    if spec.get("hostNetwork") is True:
        return "it uses the host network"
    for field, names, images in (
        ("containers", _SIDECARS, _IMAGES),
        ("initContainers", _SIDECARS | _INIT, _IMAGES + _INIT_IMAGES),
    ):
        for container in items_of(spec.get(field)):
            if isinstance(container, Mapping) and (
                container.get("name") in names or str(container.get("image", "")).startswith(images)
            ):
                return f"it already has a container '{container.get('name')}'"
    return None


def verdict(
    item: BuiltObject, owner: PodOwner, namespace: NamespaceFacts, *, token_projection: bool = True
) -> Verdict:
    """The injector's decision about the pods of ``item`` for the current manifests.

    ``token_projection`` is the control plane's identity.serviceAccountTokenProjection.
    """
    if owner.operator and not own_annotations(item, owner):
        return Verdict(False, f"{owner.operator} creates its pods, and their annotations are not set")
    if namespace.is_excluded:
        return Verdict(False, f"the injector's webhook excludes namespace {namespace.name}")
    if reason := blocked(item, owner):
        return Verdict(False, reason)
    if not token_projection and pod_spec(item, owner).get("automountServiceAccountToken") is False:
        return Verdict(False, "it mounts no service account token, and the control plane projects none")
    own = own_annotations(item, owner).get(INJECT)
    if own is not None:
        return _by_annotation(str(own), "its pods'")
    if namespace.inject is not None:
        return _by_annotation(namespace.inject, f"namespace {namespace.name}'s")
    return Verdict(False, f"neither its pods nor namespace {namespace.name} set {INJECT}: enabled")


def own_annotations(item: BuiltObject, owner: PodOwner) -> Mapping[str, Any]:
    """The annotations of the pods of ``item``; in a list, those of the first item."""
    pointer = tuple(0 if step == "*" else step for step in owner.annotations)
    return mapping_of(value_at(item.data, pointer) if holds(item.data, pointer) else None)


def _by_annotation(value: str, whose: str) -> Verdict:
    if value in _ENABLED:
        return Verdict(True, f"{whose} {INJECT} is {value}")
    if value in _VALID:
        return Verdict(False, f"{whose} {INJECT} is disabled")
    return Verdict(False, f"{whose} {INJECT} is '{value}', which is not one of enabled, ingress and disabled")
