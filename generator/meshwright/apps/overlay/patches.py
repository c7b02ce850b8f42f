"""Patches in the forms that the engines apply: in the overlay, or in a HelmRelease's postRenderers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from meshwright.apps.model import Patch, PodOwner
from meshwright.apps.podowners import OWNERS
from meshwright.apps.spec import PatchTarget
from meshwright.manifests.unit import BuiltObject
from meshwright.yaml import dump
from meshwright.yaml.pointer import items_of

# The current API version of each group whose kinds create pods.
_VERSIONS = {"": "v1", "apps": "apps/v1", "batch": "batch/v1"}
_OWNER = {owner.kind: owner for owner in OWNERS if owner.group in _VERSIONS}


def annotate(item: BuiltObject, owner: PodOwner, annotations: Mapping[str, str]) -> Patch:
    """A patch that adds annotations to an object's pods, for each item where the pointer has a ``*``."""
    if "*" in owner.annotations:
        star = owner.annotations.index("*")
        head, tail = owner.annotations[:star], owner.annotations[star + 1 :]
        operations: list[Any] = []
        for number, entry in enumerate(items_of(_walk(item.data, head))):
            operations += _add(entry, (*head, number), tail, annotations)
        return Patch(target_of(item), operations)
    return Patch(target_of(item), nested(owner.annotations, annotations))


def annotate_chart(kind: str, name: str, chart: str, annotations: Mapping[str, str]) -> Patch:
    """A patch that adds annotations to the pods of an object from a chart."""
    owner = _OWNER[kind]
    target = PatchTarget(kind, name, owner.group, _VERSIONS[owner.group].rpartition("/")[2])
    return Patch(target, nested(owner.annotations, annotations), chart)


def can_annotate_chart(kind: str) -> bool:
    """Whether the pod annotations of this kind can be patched."""
    return kind in _OWNER


def target_of(item: BuiltObject) -> PatchTarget:
    """The full identity of an object."""
    group, slash, version = item.api_version.rpartition("/")
    return PatchTarget(item.kind, item.name, group if slash else "", version, item.namespace or None)


def nested(pointer: Iterable[str | int], value: Any) -> dict[str, Any]:
    """``value`` nested in mappings with the keys of ``pointer``."""
    for step in reversed(list(pointer)):
        value = {step: value}
    return dict(value)


def in_overlay(patch: Patch) -> dict[str, Any]:
    """The entry of ``patches`` in a kustomization.

    For an object of the manifests, the patch itself names the object: kustomize refuses such a patch if it
    matches nothing, but silently ignores one with a target.
    """
    target = patch.target
    if isinstance(patch.body, list):
        return {"target": _selector(target), "patch": dump(patch.body)}
    if patch.chart:
        return {"target": _selector(target), "patch": dump(_with_identity(target, patch.body))}
    return {"patch": dump(_with_identity(target, patch.body))}


def post_renderer(patches: Iterable[Patch]) -> dict[str, Any]:
    """The entry of a HelmRelease's postRenderers with ``patches``."""
    entries = []
    for patch in patches:
        body = patch.body if isinstance(patch.body, list) else _with_identity(patch.target, patch.body)
        entries.append({"target": _selector(patch.target), "patch": dump(body)})
    return {"kustomize": {"patches": entries}}


def _selector(target: PatchTarget) -> dict[str, str]:
    """A kustomize selector; its name is a regular expression, anchored at both ends."""
    found = {"group": target.group, "version": target.version, "kind": target.kind}
    found["name"] = re.sub(r"[.]", r"\\.", target.name)
    found["namespace"] = target.namespace
    return {key: value for key, value in found.items() if value}


def _with_identity(target: PatchTarget, body: Mapping[str, Any]) -> dict[str, Any]:
    api_version = f"{target.group}/{target.version}" if target.group else str(target.version)
    metadata: dict[str, Any] = {"name": target.name}
    if target.namespace:
        metadata["namespace"] = target.namespace
    metadata.update(body.get("metadata") or {})
    rest = {key: value for key, value in body.items() if key not in ("apiVersion", "kind", "metadata")}
    return {"apiVersion": api_version, "kind": target.kind, "metadata": metadata, **rest}


def _walk(data: Any, pointer: Iterable[str | int]) -> Any:
    for step in pointer:
        if not isinstance(data, Mapping) or step not in data:
            return None
        data = data[step]
    return data


def _add(
    data: Any, at: tuple[str | int, ...], pointer: tuple[str | int, ...], annotations: Mapping[str, str]
) -> list[dict[str, Any]]:
    """JSON patch operations that add annotations below ``at``, including missing parents."""
    for depth, step in enumerate(pointer):
        if not isinstance(data, Mapping) or not isinstance(data.get(step), Mapping):
            value = nested(pointer[depth + 1 :], dict(annotations))
            return [{"op": "add", "path": _path((*at, *pointer[: depth + 1])), "value": value}]
        data = data[step]
    return [
        {"op": "add", "path": _path((*at, *pointer, key)), "value": value}
        for key, value in annotations.items()
    ]


def _path(pointer: Iterable[str | int]) -> str:
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in pointer)
