"""Whether Linkerd's injector adds a proxy to a pod, by the injector's rules applied to files.

source: linkerd2 edge-26.8.3: pkg/inject/report.go (newReport, Injectable, disabledByAnnotation),
HasExistingSidecars in pkg/healthcheck/sidecar.go, and the chart's proxyInjector.namespaceSelector and
objectSelector. tests/oracles/injections.py asks the real ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from meshwright.labelselector import matches
from meshwright.mergepatch import merge_patch
from meshwright.yaml.pointer import items_of, mapping_of

INJECT = "linkerd.io/inject"
ADMISSION_LABEL = "config.linkerd.io/admission-webhooks"
# Tuples, because a value in a manifest may be a mapping, which no set can look up.
INJECTING = ("enabled", "ingress")
INJECT_VALUES = ("enabled", "ingress", "disabled")
_NAME_LABEL = "kubernetes.io/metadata.name"
NAMESPACE_SELECTOR: Mapping[str, Any] = {
    "matchExpressions": [
        {"key": ADMISSION_LABEL, "operator": "NotIn", "values": ["disabled"]},
        {"key": _NAME_LABEL, "operator": "NotIn", "values": ["kube-system", "cert-manager"]},
    ]
}
OBJECT_SELECTOR: Mapping[str, Any] = {
    "matchExpressions": [
        {"key": "linkerd.io/control-plane-component", "operator": "DoesNotExist"},
        {"key": "linkerd.io/cni-resource", "operator": "DoesNotExist"},
    ]
}
_SIDECARS = ("linkerd-proxy", "istio-proxy")
_INIT = ("linkerd-init", "istio-init")
_IMAGES = ("cr.l5d.io/linkerd/proxy:", "gcr.io/istio-release/proxyv2:")
_INIT_IMAGES = ("cr.l5d.io/linkerd/proxy-init:", "gcr.io/istio-release/proxy_init:")
_TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"


@dataclass(frozen=True)
class Pod:
    """A pod, or the template of one; ``account_mounts`` is automountServiceAccountToken of its account."""

    annotations: Mapping[str, Any] = field(default_factory=dict)
    labels: Mapping[str, Any] = field(default_factory=dict)
    spec: Mapping[str, Any] = field(default_factory=dict)
    account_mounts: bool | None = None


@dataclass(frozen=True)
class Namespace:
    """The namespace of a pod; without its object, what it is annotated with is not known."""

    name: str
    annotations: Mapping[str, Any] = field(default_factory=dict)
    labels: Mapping[str, Any] = field(default_factory=dict)
    is_known: bool = True

    @property
    def all_labels(self) -> Mapping[str, Any]:
        """Its labels, with the one that the API server sets."""
        return {**self.labels, _NAME_LABEL: self.name}


@dataclass(frozen=True)
class Injector:
    """The control plane's values that the injector and its webhook read.

    ``proxy`` and ``init`` are its values of these names (proxy, proxyInit).
    """

    namespace_selector: Any = field(default_factory=lambda: NAMESPACE_SELECTOR)
    object_selector: Any = field(default_factory=lambda: OBJECT_SELECTOR)
    projects_tokens: bool = True
    proxy: Mapping[str, Any] = field(default_factory=dict)
    init: Mapping[str, Any] = field(default_factory=dict)


DEFAULT_INJECTOR = Injector()


@dataclass(frozen=True)
class Verdict:
    """``injected`` is None if it depends on what the repository does not show.

    ``reason`` says why, phrased to follow "because".
    """

    injected: bool | None
    reason: str


def injector_of(values: Mapping[str, Any]) -> Injector:
    """The injector of a control plane with these chart values, merged with the defaults as Helm merges."""
    webhook = mapping_of(values.get("proxyInjector"))
    identity = mapping_of(values.get("identity"))
    return Injector(
        _merged(NAMESPACE_SELECTOR, webhook, "namespaceSelector"),
        _merged(OBJECT_SELECTOR, webhook, "objectSelector"),
        identity.get("serviceAccountTokenProjection") is not False,
        mapping_of(values.get("proxy")),
        mapping_of(values.get("proxyInit")),
    )


def _merged(default: Mapping[str, Any], given: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Helm merges mappings, and deletes a value that is null: a selector without terms selects everything."""
    if name not in given:
        return default
    return {} if given[name] is None else mapping_of(merge_patch(default, mapping_of(given[name])))


def selected(pod: Pod, namespace: Namespace, injector: Injector) -> str:
    """Why the injector's webhook is not asked about a pod; empty if it is."""
    if not matches(injector.namespace_selector, namespace.all_labels):
        return f"the injector's webhook excludes namespace {namespace.name}"
    if not matches(injector.object_selector, pod.labels):
        found = [term.get("key") for term in items_of(injector.object_selector.get("matchExpressions"))]
        names = [str(key) for key in found if key in pod.labels]
        return f"the injector's webhook excludes pods with label {names[0]}" if names else (
            "the injector's webhook excludes pods with its labels"
        )  # fmt: skip
    return ""


def blocked(spec: Mapping[str, Any]) -> str:
    """Why the injector ignores pods with this spec regardless of annotations; empty if it does not."""
    if spec.get("hostNetwork") is True:
        return "it uses the host network"
    for name, names, images in (
        ("containers", _SIDECARS, _IMAGES),
        ("initContainers", _SIDECARS + _INIT, _IMAGES + _INIT_IMAGES),
    ):
        for container in items_of(spec.get(name)):
            if isinstance(container, Mapping) and (
                container.get("name") in names or str(container.get("image", "")).startswith(images)
            ):
                return f"it already has a container '{container.get('name')}'"
    return ""


def mounts_token(pod: Pod) -> bool:
    """Whether the injector sees the token of the pod's account mounted into its first container."""
    own = pod.spec.get("automountServiceAccountToken")
    if own is False:
        # The injector reads the field first, whatever the container mounts by itself.
        return False
    if own is True or pod.account_mounts is not False:
        return True
    containers = items_of(pod.spec.get("containers"))
    mounts = items_of(mapping_of(containers[0]).get("volumeMounts")) if containers else []
    return any(mapping_of(mount).get("mountPath") == _TOKEN_PATH for mount in mounts)


def verdict(pod: Pod, namespace: Namespace, injector: Injector = DEFAULT_INJECTOR) -> Verdict:
    """The injector's decision about a pod."""
    if reason := selected(pod, namespace, injector) or blocked(pod.spec):
        return Verdict(False, reason)
    if not injector.projects_tokens and not mounts_token(pod):
        return Verdict(False, "it mounts no service account token, and the control plane projects none")
    return by_annotations(pod.annotations, namespace)


def by_annotations(annotations: Mapping[str, Any], namespace: Namespace) -> Verdict:
    """What the annotations of pods and of their namespace decide."""
    own, inherited = inject_value(annotations), inject_value(namespace.annotations)
    whose = f"namespace {namespace.name}'s"
    for value, holder in ((inherited, whose), (own, "its pods'")):
        if value and value not in INJECT_VALUES:
            options = "enabled, ingress and disabled"
            return Verdict(False, f"{holder} {INJECT} is '{value}', which is not one of {options}")
    if own:
        return Verdict(own in INJECTING, f"its pods' {INJECT} is {own}")
    if inherited:
        return Verdict(inherited in INJECTING, f"{whose} {INJECT} is {inherited}")
    if not namespace.is_known:
        return Verdict(None, f"its pods do not set {INJECT}, and Namespace {namespace.name} is not here")
    return Verdict(False, f"neither its pods nor namespace {namespace.name} set {INJECT}: enabled")


def inject_value(annotations: Mapping[str, Any]) -> str:
    """The value of linkerd.io/inject; an empty one counts as none."""
    value = annotations.get(INJECT)
    return "" if value is None else str(value)
