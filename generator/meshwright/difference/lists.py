"""Matches the items of two versions of a list by keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from meshwright.difference.model import Key

# source: x-kubernetes-list-map-keys and patchMergeKey of Kubernetes 1.36; for Flux's dependsOn,
# HelmRelease.valuesFrom, Prometheus rules and AppProjects, what their controllers treat as one entry.
# A name that ends in ? may be missing.
_KEYS: dict[str, tuple[tuple[str, ...], ...]] = {
    "ports": (("containerPort", "protocol?"), ("port", "protocol?")),
    "volumeMounts": (("mountPath",),),
    "volumeDevices": (("devicePath",),),
    "hostAliases": (("ip",),),
    "topologySpreadConstraints": (("topologyKey", "whenUnsatisfiable"),),
    "ownerReferences": (("uid",),),
    "conditions": (("type",),),
    "dependsOn": (("name", "namespace?"),),
    "valuesFrom": (("kind", "name", "valuesKey?", "targetPath?"),),
    "rules": (("alert",), ("record",), ("name",)),
    "destinations": (("server?", "name?", "namespace?"),),
    **dict.fromkeys(
        (
            f"{scope}Resource{kind}"
            for scope in ("cluster", "namespace")
            for kind in ("Whitelist", "Blacklist")
        ),
        (("group", "kind", "name?"),),
    ),
}
_BY_NAME = (("name",),)
_DEFAULTS = {"protocol": "TCP"}


def keys_of(field: str, old: Sequence[Any], new: Sequence[Any]) -> tuple[list[Key], list[Key]] | None:
    """A key for each item of both lists; None if an item has no key or a key is not unique."""
    if not all(isinstance(item, Mapping) for item in (*old, *new)):
        return None
    choices = _KEYS.get(field, ())
    # Last by the first key that each item has, because a group of rules has alerts and records.
    for kinds in (*((names,) for names in (*choices, *_BY_NAME)), choices):
        sides = [[_first_key(item, kinds) for item in items] for items in (old, new)]
        if all(None not in keys and len(set(map(str, keys))) == len(keys) for keys in sides):
            return sides[0], sides[1]  # type: ignore[return-value]
    return None


def _first_key(item: Mapping[str, Any], kinds: Iterable[tuple[str, ...]]) -> Key | None:
    return next((key for names in kinds if (key := _key(item, names))), None)


def _key(item: Mapping[str, Any], names: tuple[str, ...]) -> Key | None:
    found: list[tuple[str, Any]] = []
    for wanted in names:
        name = wanted.removesuffix("?")
        value = item.get(name, None if name == wanted else _DEFAULTS.get(name, ""))
        if not isinstance(value, str | int) or isinstance(value, bool):
            return None
        found.append((name, value))
    return Key(tuple(found))


def holds_key(item: Any, key: Key) -> bool:
    """Whether a list item has this key."""
    if not isinstance(item, Mapping):
        return False
    return all(item.get(name, _DEFAULTS.get(name, "")) == value for name, value in key.fields)
