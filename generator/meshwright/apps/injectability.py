"""What the injector decides about a workload's pods, read from the objects of an application."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from meshwright.apps.model import PodOwner, RepositorySettings
from meshwright.apps.podports import pod_spec
from meshwright.linkerd import injection
from meshwright.linkerd.injection import (
    DEFAULT_INJECTOR,
    INJECT,
    Injector,
    Namespace,
    Pod,
    Verdict,
    by_annotations,
    selected,
)
from meshwright.manifests.unit import BuiltObject
from meshwright.yaml.pointer import holds, lookup, mapping_of, value_at

__all__ = ["INJECT", "Verdict", "blocked", "is_excluded", "namespace_facts", "own_annotations", "verdict"]


def namespace_facts(
    name: str, item: BuiltObject | None, settings: RepositorySettings | None = None
) -> Namespace:
    """A namespace from its object, or else from the one of the platform, if there is one."""
    metadata = item.metadata if item is not None else None
    if metadata is None and settings is not None:
        metadata = settings.namespaces.get(name)
    found = metadata or {}
    return Namespace(name, mapping_of(found.get("annotations")), mapping_of(found.get("labels")))


def is_excluded(name: str, item: BuiltObject | None, settings: RepositorySettings) -> bool:
    """Whether the injector's webhook skips a namespace."""
    return bool(selected(Pod(), namespace_facts(name, item, settings), settings.injector))


def blocked(item: BuiltObject, owner: PodOwner) -> str | None:
    """Why the injector ignores such pods regardless of annotations; None if it does not."""
    pod = pod_of(item, owner)
    return injection.blocked(pod.spec) or _by_label(pod) or None


def _by_label(pod: Pod) -> str:
    return selected(Pod(labels=pod.labels), Namespace("default"), DEFAULT_INJECTOR)


def pod_of(item: BuiltObject, owner: PodOwner, objects: Iterable[BuiltObject] = ()) -> Pod:
    """The pods of an object; ``objects`` are those that may have their ServiceAccount."""
    spec = pod_spec(item, owner)
    metadata = owner.annotations[:-1]
    labels = mapping_of(value_at(item.data, metadata) if _is_there(item, metadata) else None).get("labels")
    name = spec.get("serviceAccountName") or spec.get("serviceAccount") or "default"
    mounts = None
    for other in objects:
        if (other.kind, other.name, other.namespace) == ("ServiceAccount", name, item.namespace):
            mounts = other.data.get("automountServiceAccountToken")
    account = mounts if isinstance(mounts, bool) else None
    return Pod(own_annotations(item, owner), {} if owner.operator else mapping_of(labels), spec, account)


def _is_there(item: BuiltObject, pointer: tuple[str | int, ...]) -> bool:
    return "*" not in pointer and holds(item.data, pointer)


def verdict(
    item: BuiltObject,
    owner: PodOwner,
    namespace: Namespace,
    injector: Injector = DEFAULT_INJECTOR,
    objects: Iterable[BuiltObject] = (),
) -> Verdict:
    """The injector's decision about the pods of ``item`` for the current manifests."""
    pod = pod_of(item, owner, objects)
    if owner.operator and not by_annotations(pod.annotations, namespace).injected and not pod.annotations:
        return Verdict(False, f"{owner.operator} creates its pods, and their annotations are not set")
    return injection.verdict(pod, namespace, injector)


def own_annotations(item: BuiltObject, owner: PodOwner) -> Mapping[str, Any]:
    """The annotations of the pods of ``item``; in a list, those of the first item."""
    pointer = tuple(0 if step == "*" else step for step in owner.annotations)
    return mapping_of(lookup(item.data, pointer))
