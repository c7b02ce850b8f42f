"""Which pods get a proxy and with which settings, for the rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from meshwright.argocd.application import Application
from meshwright.check.model.index import CONTROL_PLANE, Item, Model
from meshwright.check.model.releases import ChartRelease
from meshwright.check.model.workloads import Workload
from meshwright.flux.substitution import unresolved
from meshwright.linkerd.injection import (
    INJECT,
    Injector,
    Namespace,
    Pod,
    Verdict,
    injector_of,
    verdict,
)
from meshwright.linkerd.proxysettings import ProxySettings
from meshwright.yaml.pointer import items_of, mapping_of


def proxy_settings(model: Model, workload: Workload) -> ProxySettings:
    """The annotations in effect for a workload's pods, and what they set."""
    known, key = model.once(_Known).settings, _key(workload)
    if key not in known:
        known[key] = _settings(model, workload)
    return known[key]


class _Known:
    """The answers of this module by workload, because many rules and the order ask for the same ones."""

    def __init__(self, _: Model) -> None:
        self.settings: dict[tuple[str, int], ProxySettings] = {}
        self.verdicts: dict[tuple[str, int], Verdict] = {}


def _key(workload: Workload) -> tuple[str, int]:
    # The model keeps every object, so no other object gets the same id.
    return workload.item.cluster, id(workload.item.built)


def _settings(model: Model, workload: Workload) -> ProxySettings:
    item = workload.item
    account = service_account(model, workload)
    mounts = account.get("automountServiceAccountToken") if account is not None else None
    pod = Pod(
        workload.annotations, workload.labels, workload.pod, mounts if isinstance(mounts, bool) else None
    )
    namespace = namespace_of(model, item.cluster, item.namespace)
    return ProxySettings(pod, namespace, injector(model, item.cluster))


def injection(model: Model, workload: Workload) -> Verdict:
    """The injector's decision; unknown where a Flux variable or a Namespace that is not here decides."""
    known, key = model.once(_Known).verdicts, _key(workload)
    if key not in known:
        known[key] = _verdict(proxy_settings(model, workload))
    return known[key]


def _verdict(settings: ProxySettings) -> Verdict:
    pod, namespace = settings.pod, settings.namespace
    if unresolved(pod.annotations.get(INJECT)) or unresolved(namespace.annotations.get(INJECT)):
        # Whatever the variable is, something else may keep the pods out.
        pod = replace(pod, annotations={INJECT: "enabled"})
        other = verdict(pod, replace(namespace, annotations={}), settings.injector)
        return other if other.injected is False else Verdict(None, f"{INJECT} is a variable")
    return verdict(pod, namespace, settings.injector)


def inject_mode(model: Model, workload: Workload) -> str | None:
    """``enabled`` or ``ingress`` if the pods get a proxy, None if they do not or if that is unknown."""
    return proxy_settings(model, workload).mode if injection(model, workload).injected else None


def may_be_meshed(model: Model, workload: Workload) -> bool:
    """Whether its pods get a proxy, or may get one."""
    return injection(model, workload).injected is not False


def namespace_of(model: Model, cluster: str, name: str) -> Namespace:
    """A namespace as the injector sees it."""
    item = model.find(cluster, "Namespace", "", name)
    managed = model.once(_managed).get((cluster, name))
    if item is None and managed is None:
        return Namespace(name, is_known=False)
    annotations, labels = managed.metadata if managed and not managed.is_replaced_by(item) else ({}, {})
    if item is not None:
        annotations, labels = {**item.annotations, **annotations}, {**item.labels, **labels}
    return Namespace(name, annotations, labels)


@dataclass(frozen=True)
class _Managed:
    """Annotations and labels that an Application sets on the namespace that it creates."""

    application: tuple[str, str]
    metadata: tuple[Mapping[str, Any], Mapping[str, Any]]

    def is_replaced_by(self, namespace: Item | None) -> bool:
        """Whether a Namespace manifest of the same Application counts instead.

        source: argo-cd 3.5 controller/state.go, CompareAppState.
        """
        other = namespace.root.application if namespace is not None else None
        return other is not None and (other.built.namespace, other.built.name) == self.application


def _managed(model: Model) -> dict[tuple[str, str], _Managed]:
    """What Applications set on the namespaces that they create, by cluster and namespace.

    source: argo-cd docs/user-guide/sync-options.md, managedNamespaceMetadata needs CreateNamespace=true.
    """
    found: dict[tuple[str, str], _Managed] = {}
    for item in model.items("Application", "argoproj.io"):
        policy = item.mapping("spec", "syncPolicy")
        metadata = mapping_of(policy.get("managedNamespaceMetadata"))
        name = item.get("spec", "destination", "namespace")
        if (
            metadata
            and isinstance(name, str)
            and "CreateNamespace=true" in items_of(policy.get("syncOptions"))
        ):
            parts = mapping_of(metadata.get("annotations")), mapping_of(metadata.get("labels"))
            place = Application(item.built, item.files).place(item.cluster)
            found[place, name] = _Managed((item.built.namespace, item.name), parts)
    return found


def namespace_injects(model: Model, cluster: str, name: str) -> bool:
    """Whether a pod without annotations and labels of its own gets a proxy in a namespace."""
    return verdict(Pod(), namespace_of(model, cluster, name), injector(model, cluster)).injected is True


def injector(model: Model, cluster: str) -> Injector:
    """The injector of a cluster: by the values of its control plane, or else by the chart's defaults."""
    return model.once(_injectors).get(cluster, Injector())


def control_plane(model: Model, cluster: str) -> ChartRelease | None:
    """The one control plane of a cluster; None without one, or with several."""
    found = model.charts(CONTROL_PLANE, cluster)
    return found[0] if len(found) == 1 else None


def _injectors(model: Model) -> dict[str, Injector]:
    found: dict[str, Injector] = {}
    for cluster in model.clusters:
        release = control_plane(model, cluster)
        known = injector_of(release.values.data) if release is not None else Injector()
        if has_other_webhook(model, cluster):
            # A further webhook may reach what the chart's own does not.
            known = Injector({}, {}, known.projects_tokens, known.proxy, known.init)
        found[cluster] = known
    return found


def has_other_webhook(model: Model, cluster: str) -> bool:
    """Whether the repository has a webhook of its own for the injector."""
    return any(
        item.cluster == cluster and "linkerd-proxy-injector" in str(item.list("webhooks"))
        for item in model.items("MutatingWebhookConfiguration")
    )


def service_account(model: Model, workload: Workload) -> Item | None:
    """The ServiceAccount of a workload's pods; None if the repository does not have it."""
    item = workload.item
    name = str(workload.pod.get("serviceAccountName") or workload.pod.get("serviceAccount") or "default")
    return model.find(item.cluster, "ServiceAccount", item.namespace, name)
