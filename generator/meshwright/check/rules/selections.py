"""What is meant for pods and reaches none: autoscalers, disruption budgets, NetworkPolicies, references."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from meshwright.check.model.index import Item, Model
from meshwright.check.model.selectors import selected
from meshwright.check.model.workloads import Workload, workloads, workloads_in
from meshwright.check.rules.backends import is_closed
from meshwright.check.rules.rule import Absence, Hit, rule
from meshwright.flux.substitution import unresolved
from meshwright.words import did_you_mean
from meshwright.yaml.pointer import Pointer, items_of, mapping_of

# Objects from which a controller of the repository's own kinds makes a ConfigMap of the same name.
_MAKERS = ("ConfigMap", "Bundle", "ClusterBundle", "Certificate", "ExternalSecret")
# Kubernetes itself writes these into every namespace.
_EVERYWHERE = frozenset({"kube-root-ca.crt", "linkerd-identity-trust-roots", "istio-ca-root-cert"})
_SCALED = ("Deployment", "StatefulSet", "ReplicaSet")


@rule(
    "MW671",
    "autoscaler-target-missing",
    "An autoscaler names a workload that does not exist",
    why="The HorizontalPodAutoscaler reports FailedGetScale and never scales anything.",
    fix="name the workload in scaleTargetRef",
    source="Kubernetes, HorizontalPodAutoscaler spec.scaleTargetRef",
)
def lost_autoscaler(model: Model) -> Iterator[Hit]:
    for item in model.items("HorizontalPodAutoscaler", "autoscaling"):
        target = item.mapping("spec", "scaleTargetRef")
        kind, name = str(target.get("kind")), target.get("name")
        if kind not in _SCALED or not isinstance(name, str) or unresolved(name):
            continue
        there = workloads_in(model, item.cluster, item.namespace)
        names = [workload.item.name for workload in there if workload.item.built.kind == kind]
        if name in names or not _is_closed(model, item):
            continue
        text = f"{item.title} scales {kind} {item.namespace}/{name}, which does not exist"
        text += did_you_mean(name, names)
        yield Hit(item.at("spec", "scaleTargetRef", "name"), text, subject=item.title)


@rule(
    "MW672",
    "pod-selector-matches-nothing",
    "A disruption budget or NetworkPolicy selects no pods",
    why="It is accepted and protects nothing: the pods that it is meant for are evicted or reached as if it did "
    "not exist.",
    fix="select labels that the pod template has",
    source="Kubernetes, PodDisruptionBudget spec.selector; NetworkPolicy spec.podSelector",
)
def lost_selector(model: Model) -> Iterator[Hit]:
    for kind, group, field in (
        ("PodDisruptionBudget", "policy", "selector"),
        ("NetworkPolicy", "networking.k8s.io", "podSelector"),
    ):
        for item in model.items(kind, group):
            selector = item.mapping("spec", field)
            wanted = list(_values_of(selector))
            # An empty selector selects all pods; one that only leaves out pods may leave out all.
            if not wanted or any(unresolved(value) for _, value in wanted):
                continue
            # cert-manager's pods that answer challenges come and go.
            if any(key.startswith("acme.cert-manager.io/") for key, _ in wanted):
                continue
            there = workloads_in(model, item.cluster, item.namespace)
            if not there or not _is_closed(model, item):
                continue
            if any(True for _ in selected(model, item.cluster, item.namespace, selector)):
                continue
            shown = ", ".join(f"{key}={value}" for key, value in wanted)
            known = [str(value) for workload in there for value in workload.labels.values()]
            near = next((hint for _, value in wanted if (hint := did_you_mean(value, known))), "")
            text = f"{item.title} selects {shown}, which no pod in namespace {item.namespace} has{near}"
            yield Hit(item.at("spec", field), text, subject=item.title)


def _values_of(selector: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The labels that a selector asks for, with each of the values that it allows."""
    for key, value in mapping_of(selector.get("matchLabels")).items():
        yield str(key), str(value)
    for term in map(mapping_of, items_of(selector.get("matchExpressions"))):
        if term.get("operator") == "In":
            for value in items_of(term.get("values")):
                yield str(term.get("key")), str(value)


@rule(
    "MW673",
    "configmap-reference-missing",
    "A pod uses a ConfigMap that does not exist",
    why="The kubelet does not start a container before everything that it mounts or reads exists: the pod stays "
    "in ContainerCreating or CreateContainerConfigError.",
    fix="correct the name or the key, add the ConfigMap, or set optional: true",
    source="Kubernetes, ConfigMaps and Pods",
)
def lost_configmap(model: Model) -> Iterator[Hit]:
    for workload in workloads(model):
        item = workload.item
        if item.built.origin.is_chart:
            continue
        for pointer, name, key in _configmaps(workload):
            if unresolved(name) or name in _EVERYWHERE:
                continue
            found = model.find(item.cluster, "ConfigMap", item.namespace, name)
            if found is None and not _may_be_made(model, item, name):
                names = [other.name for other in model.items("ConfigMap", "") if _is_beside(other, item)]
                text = f"{item.title} uses ConfigMap {item.namespace}/{name}, which nothing here creates"
                yield Hit(item.at(*pointer), text + did_you_mean(name, names), subject=item.title)
            elif found is not None and key and not any(_has_key(it, key) for it in _named(model, found)):
                keys = [*map(str, found.mapping("data")), *map(str, found.mapping("binaryData"))]
                text = f"{item.title} reads '{key}' of {found.title} ({found.at()}), which has no such key"
                yield Hit(item.at(*pointer), text + did_you_mean(key, keys), subject=item.title)


def _configmaps(workload: Workload) -> Iterator[tuple[Pointer, str, str]]:
    """Where the pods of a workload need a ConfigMap, its name, and the key, empty if all of it is used."""
    pod = workload.pod
    for field in ("initContainers", "containers"):
        for number, container in enumerate(items_of(pod.get(field))):
            here: Pointer = (*workload.template, "spec", field, number)
            for place, entry in enumerate(items_of(mapping_of(container).get("envFrom"))):
                at = (*here, "envFrom", place, "configMapRef")
                yield from _needed(at, mapping_of(mapping_of(entry).get("configMapRef")))
            for place, entry in enumerate(items_of(mapping_of(container).get("env"))):
                source = mapping_of(mapping_of(entry).get("valueFrom"))
                at = (*here, "env", place, "valueFrom", "configMapKeyRef")
                yield from _needed(at, mapping_of(source.get("configMapKeyRef")))
    for number, volume in enumerate(items_of(pod.get("volumes"))):
        at = (*workload.template, "spec", "volumes", number)
        given = mapping_of(mapping_of(volume).get("configMap"))
        yield from _needed((*at, "configMap"), given)
        sources = items_of(mapping_of(mapping_of(volume).get("projected")).get("sources"))
        for place, entry in enumerate(sources):
            given = mapping_of(mapping_of(entry).get("configMap"))
            yield from _needed((*at, "projected", "sources", place, "configMap"), given)


def _needed(at: Pointer, reference: Mapping[str, Any]) -> Iterator[tuple[Pointer, str, str]]:
    name, key = reference.get("name"), reference.get("key")
    if isinstance(name, str) and name and reference.get("optional") is not True:
        yield (*at, "name"), name, key if isinstance(key, str) and not unresolved(key) else ""


def _named(model: Model, found: Item) -> Iterator[Item]:
    """Every ConfigMap of this name: overlays for one cluster each have their own."""
    for item in model.in_namespace(found.cluster, found.namespace):
        if item.built.kind == "ConfigMap" and item.name == found.name:
            yield item


def _is_closed(model: Model, item: Item) -> bool:
    """Whether everything that may make objects beside this one is seen."""
    return model.sees_all_of(item.cluster) and is_closed(model, item.cluster, item.namespace)


def _is_beside(other: Item, item: Item) -> bool:
    return (other.cluster, other.namespace) == (item.cluster, item.namespace)


def _may_be_made(model: Model, item: Item, name: str) -> bool:
    """Whether something that is not seen, or an object of another kind, may create a ConfigMap."""
    if not _is_closed(model, item):
        return True
    return any(other.name == name for kind in _MAKERS for other in model.items(kind) if _reaches(other, item))


def _reaches(other: Item, item: Item) -> bool:
    return other.cluster == item.cluster and ("Bundle" in other.built.kind or _is_beside(other, item))


def _has_key(found: Item, key: str) -> bool:
    if found.built.encrypted or any(unresolved(name) for name in found.mapping("data")):
        return True
    return key in found.mapping("data") or key in found.mapping("binaryData")


@rule(
    "MW674",
    "serviceaccount-missing",
    "Pods use a ServiceAccount that does not exist",
    why="The API server refuses each pod of the workload, which only an event of its ReplicaSet shows. "
    "The rule reports only in namespaces where the repository creates a ServiceAccount.",
    fix="correct the name, or add the ServiceAccount",
    source="Kubernetes, ServiceAccount admission controller",
)
def lost_account(model: Model) -> Iterator[Hit]:
    for workload in workloads(model):
        item = workload.item
        field = "serviceAccountName" if "serviceAccountName" in workload.pod else "serviceAccount"
        name = workload.pod.get(field)
        if (
            item.built.origin.is_chart
            or not isinstance(name, str)
            or name in ("", "default")
            or unresolved(name)
        ):
            continue
        if model.find(item.cluster, "ServiceAccount", item.namespace, name) is not None:
            continue
        # Whoever makes the namespace may make the account, too.
        is_ours = model.find(item.cluster, "Namespace", "", item.namespace) is not None
        if not is_ours or not _is_closed(model, item):
            continue
        names = [other.name for other in model.items("ServiceAccount", "") if _is_beside(other, item)]
        # A repository that creates no ServiceAccount here may leave all of them to something that is not seen.
        if not names:
            continue
        text = f"{item.title} uses ServiceAccount {item.namespace}/{name}, which nothing here creates"
        absent = Absence(item.cluster, ("ServiceAccount",), item.namespace)
        at = item.at(*workload.template, "spec", field)
        yield Hit(at, text + did_you_mean(name, names), subject=item.title, absent=absent)
