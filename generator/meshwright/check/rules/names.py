"""What the API server refuses and no schema shows: names, quantities, and volumes and labels that do not match."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from meshwright.apps.kindscopes import is_namespaced
from meshwright.check.model.allowedvalues import fields_of
from meshwright.check.model.index import Item, Model
from meshwright.check.model.repository import Root, RootKind
from meshwright.check.model.workloads import Workload, workloads
from meshwright.check.rules.rule import Engine, Hit, rule
from meshwright.flux.substitution import unresolved
from meshwright.manifests.generated import place_of
from meshwright.manifests.unit import BuiltObject
from meshwright.quantity import quantity
from meshwright.words import did_you_mean
from meshwright.yaml.pointer import Pointer, items_of, mapping_of

_LABEL = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?\Z")
_SUBDOMAIN = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*\Z")
_LONGEST_LABEL, _LONGEST_SUBDOMAIN = 63, 253
# Names of these are segments of a path: almost anything.
_FREE = frozenset({"rbac.authorization.k8s.io", "certificates.k8s.io", "authorization.openshift.io"})


@rule(
    "MW681",
    "object-name-refused",
    "The API server refuses a name",
    why="A name consists of lower case letters, digits, '-' and, except for Services and Namespaces, '.'. The "
    "API server refuses any other name, and Flux then does not apply any object of the Kustomization.",
    fix="use lower case letters, digits and '-', and begin and end with a letter or digit",
    source="Kubernetes, Object Names and IDs; apimachinery pkg/api/validation",
)
def refused_name(model: Model) -> Iterator[Hit]:
    for item in model.all_items():
        if item.built.group in _FREE or item.built.origin.is_chart:
            continue
        for field in ("name", "namespace"):
            value = item.get("metadata", field)
            if not isinstance(value, str) or not value or _is_open(item, value):
                continue
            is_label = field == "namespace" or (item.built.group, item.built.kind) in _LABELS
            if problem := _problem(value, is_label):
                text = f"{item.title} has {field} '{value}', {problem}"
                yield Hit(item.at("metadata", field), text, subject=item.title)


_LABELS = frozenset({("", "Namespace"), ("", "Service")})


def _is_open(item: Item, value: str) -> bool:
    """Whether Flux may still replace a variable in a value."""
    return unresolved(value) and not item.root.complete


def _problem(value: str, is_label: bool) -> str:
    longest = _LONGEST_LABEL if is_label else _LONGEST_SUBDOMAIN
    if len(value) > longest:
        return f"which has {len(value)} characters, but {longest} are allowed"
    if unresolved(value):
        return "a variable that nothing replaces"
    if (_LABEL if is_label else _SUBDOMAIN).match(value):
        return ""
    odd = sorted(set(re.sub(r"[-a-z0-9]" if is_label else r"[-a-z0-9.]", "", value)))
    if odd:
        return f"which contains {', '.join(map(repr, odd))}"
    return "which does not begin and end with a letter or digit"


@rule(
    "MW682",
    "volume-mount-without-volume",
    "A container mounts a volume that its pod does not have",
    why="The API server refuses the workload, and Flux then does not apply any object of the Kustomization.",
    fix="add the volume to the pod, or correct the name",
    source="Kubernetes pkg/apis/core/validation, ValidateVolumeMounts",
)
def mount_without_volume(model: Model) -> Iterator[Hit]:
    for workload in workloads(model):
        volumes = [mapping_of(volume).get("name") for volume in items_of(workload.pod.get("volumes"))]
        claims = workload.item.list("spec", "volumeClaimTemplates")
        volumes += [mapping_of(mapping_of(claim).get("metadata")).get("name") for claim in claims]
        if any(map(unresolved, volumes)):
            continue
        known = [str(name) for name in volumes]
        for place, container in _containers(workload):
            for number, mount in enumerate(items_of(container.get("volumeMounts"))):
                name = mapping_of(mount).get("name")
                if not isinstance(name, str) or name in known or unresolved(name):
                    continue
                text = (
                    f"{workload.item.title} mounts volume '{name}' in container '{container.get('name')}', "
                    f"but its pods have no such volume{did_you_mean(name, known)}"
                )
                at = workload.item.at(*place, "volumeMounts", number, "name")
                yield Hit(at, text, subject=workload.item.title)


@rule(
    "MW683",
    "selector-does-not-match-pods",
    "A workload does not select its own pods",
    why="The API server refuses the workload, and Flux then does not apply any object of the Kustomization.",
    fix="write the same labels into selector.matchLabels and template.metadata.labels",
    source="Kubernetes pkg/apis/apps/validation: selector does not match template labels",
)
def selector_does_not_match_pods(model: Model) -> Iterator[Hit]:
    for workload in workloads(model):
        if workload.item.built.group != "apps":
            continue
        for key, value in workload.item.mapping("spec", "selector", "matchLabels").items():
            label = workload.labels.get(key)
            if label == value or unresolved(value) or unresolved(label):
                continue
            has = f"label {key}={label}" if label is not None else f"no label '{key}'"
            text = f"{workload.item.title} selects pods with {key}={value}, but its template has {has}"
            at = workload.item.at("spec", "selector", "matchLabels", key)
            yield Hit(at, text, subject=workload.item.title)


@rule(
    "MW684",
    "quantity-refused",
    "A value for memory or CPU is not a valid quantity",
    why="The API server refuses the workload, and Flux then does not apply any object of the Kustomization.",
    fix="write memory such as 64Mi or 1Gi, and CPU such as 100m or 0.5",
    source="Kubernetes apimachinery, resource.ParseQuantity",
)
def refused_quantity(model: Model) -> Iterator[Hit]:
    for workload in workloads(model):
        for place, container in _containers(workload):
            resources = mapping_of(container.get("resources"))
            for kind in ("requests", "limits"):
                for name, amount in mapping_of(resources.get(kind)).items():
                    if amount is None or quantity(amount) is not None or unresolved(amount):
                        continue
                    text = f"{workload.item.title} has {kind[:-1]} {name} '{amount}', which is not a quantity"
                    at = workload.item.at(*place, "resources", kind, name)
                    yield Hit(at, text, subject=workload.item.title)


def _containers(workload: Workload) -> Iterator[tuple[Pointer, Mapping[str, Any]]]:
    """The containers of a workload's pods, with their places."""
    for field in ("initContainers", "containers"):
        for number, container in enumerate(items_of(workload.pod.get(field))):
            if isinstance(container, Mapping):
                yield (*workload.template, "spec", field, number), container


@rule(
    "MW685",
    "namespace-not-specified",
    "An object has no namespace",
    why="Flux does not put objects into the namespace default. It reports 'namespace not specified' and does not "
    "apply any object of the Kustomization.",
    fix="set metadata.namespace, namespace in the kustomization.yaml, or targetNamespace in the Kustomization",
    source="fluxcd/pkg ssa/errors, DryRunErr; TestApply_MissingNamespaceErr in ssa/manager_apply_test.go",
    engine=Engine.FLUX,
)
def namespace_not_specified(model: Model) -> Iterator[Hit]:
    for root in model.repository.roots:
        if root.kind is not RootKind.FLUX or root.kustomization is None or _may_get_namespace(model, root):
            continue
        for built in root.objects:
            # What a generator would merge into may be missing, and have the namespace.
            is_rest = not root.built and built.origin.configured_in is not None
            if built.namespace or built.origin.is_chart or is_rest or not _has_namespace(model, root, built):
                continue
            text = f"{built.title} has no namespace, and {root.kustomization.title} sets none"
            at = place_of(model.files, model.repository.index, built, ("metadata",))
            yield Hit(at, text, subject=built.title)


def _may_get_namespace(model: Model, root: Root) -> bool:
    """Whether a part that could not be built may set the namespace of the rest."""
    if root.built or root.unit is None:
        return False
    files = [model.repository.index.get(folder) for folder in root.unit.inputs.folders]
    written = [file.data for file in files if file is not None] + [root.unit.manifest or {}]
    return any(data.get(field) for data in written for field in ("components", "transformers"))


def _has_namespace(model: Model, root: Root, built: BuiltObject) -> bool:
    """Whether objects of this kind have a namespace: Kubernetes', well known, or of a CRD in this repository."""
    known = is_namespaced(built)
    return model.once(_scopes).get((root.cluster, built.group, built.kind), False) if known is None else known


def _scopes(model: Model) -> dict[tuple[str, str, str], bool]:
    return {
        (item.cluster, str(item.get("spec", "group")), str(item.get("spec", "names", "kind"))): item.get(
            "spec", "scope"
        )
        == "Namespaced"
        for item in model.items("CustomResourceDefinition", "apiextensions.k8s.io")
    }


@rule(
    "MW686",
    "value-not-allowed",
    "A field has a value that the API server refuses",
    why="Some fields have a fixed set of values that no schema lists. The API server refuses the object, and Flux "
    "then does not apply any object of the Kustomization.",
    fix="write one of the values that the message names",
    source="Kubernetes pkg/apis/core, apps, batch, networking and storage, validation",
)
def value_not_allowed(model: Model) -> Iterator[Hit]:
    for item in model.all_items():
        if item.built.origin.is_chart:
            continue
        for pointer, value, allowed in fields_of(item):
            if not isinstance(value, str) or value in allowed or unresolved(value):
                continue
            name = ".".join(str(part) for part in pointer if isinstance(part, str))
            many = f"one of {', '.join(allowed)}" if len(allowed) > 1 else allowed[0]
            is_default = item.get(*pointer) is None
            text = f"{item.title} has {name} '{value}'{' by default' if is_default else ''}, and must have {many}"
            near = "" if is_default else did_you_mean(value, allowed)
            yield Hit(item.at(*pointer), text + near, subject=item.title)
