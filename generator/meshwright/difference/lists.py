"""Matches the items of two versions of a list by keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from meshwright.difference.model import Key

# source: x-kubernetes-list-map-keys and patchMergeKey of Kubernetes 1.36; for Flux's dependsOn,
# HelmRelease.valuesFrom and Prometheus rules, what their controllers treat as one entry.
_KEYS: dict[str, tuple[tuple[str, ...], ...]] = {
    "ports": (("containerPort", "protocol"), ("port", "protocol")),
    "volumeMounts": (("mountPath",),),
    "volumeDevices": (("devicePath",),),
    "hostAliases": (("ip",),),
    "topologySpreadConstraints": (("topologyKey", "whenUnsatisfiable"),),
    "ownerReferences": (("uid",),),
    "conditions": (("type",),),
    "dependsOn": (("name", "namespace"),),
    "valuesFrom": (("kind", "name", "valuesKey", "targetPath"),),
    "rules": (("alert",), ("record",), ("name",)),
}
_BY_NAME = (("name",),)
_DEFAULTS = {"protocol": "TCP", "namespace": "", "valuesKey": "", "targetPath": ""}


def keys_of(field: str, old: Sequence[Any], new: Sequence[Any]) -> tuple[list[Key], list[Key]] | None:
    """A key for each item of both lists; None if an item has no key or a key is not unique."""
    if not all(isinstance(item, Mapping) for item in (*old, *new)):
        return None
    for names in (*_KEYS.get(field, ()), *_BY_NAME):
        sides = [[_key(item, names) for item in items] for items in (old, new)]
        if all(None not in keys and len(set(map(str, keys))) == len(keys) for keys in sides):
            return sides[0], sides[1]  # type: ignore[return-value]
    return None


def _key(item: Mapping[str, Any], names: tuple[str, ...]) -> Key | None:
    found: list[tuple[str, Any]] = []
    for name in names:
        value = item.get(name, _DEFAULTS.get(name))
        if not isinstance(value, str | int) or isinstance(value, bool):
            return None
        found.append((name, value))
    return Key(tuple(found))


def holds_key(item: Any, key: Key) -> bool:
    """Whether a list item has this key."""
    if not isinstance(item, Mapping):
        return False
    return all(item.get(name, _DEFAULTS.get(name)) == value for name, value in key.fields)
