"""Removes kustomize's content hashes from names, so that a generated object keeps its identity."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from meshwright.manifests.generated import generator_entry
from meshwright.manifests.kustomization import KustomizationIndex
from meshwright.manifests.unit import BuiltObject

# source: kustomize api/hasher: a dash and ten of these characters.
_HASH = re.compile(r"-[2456789bcdfghkmt]{10}\Z")


def base_name(index: KustomizationIndex, built: BuiltObject) -> str:
    """The name without the hash that a generator adds."""
    if built.kind not in ("ConfigMap", "Secret") or not (found := _HASH.search(built.name)):
        return built.name
    entry = generator_entry(index, built)
    return built.name[: found.start()] if entry is not None and entry.hashes_name else built.name


def with_base_names(data: Any, names: Mapping[str, str]) -> Any:
    """``data`` with every string that is a key of ``names`` replaced; the same object if there is none."""
    if isinstance(data, str):
        return names.get(data, data)
    if isinstance(data, Mapping):
        replaced = {key: with_base_names(value, names) for key, value in data.items()}
        return replaced if any(replaced[key] is not value for key, value in data.items()) else data
    if isinstance(data, list):
        items = [with_base_names(item, names) for item in data]
        return items if any(new is not old for new, old in zip(items, data, strict=True)) else data
    return data


def texts_in(data: Any, wanted: Iterable[str]) -> set[str]:
    """Those of ``wanted`` that occur in ``data`` as a whole string."""
    names = set(wanted)
    found: set[str] = set()

    def look(value: Any) -> None:
        if isinstance(value, str):
            if value in names:
                found.add(value)
        elif isinstance(value, Mapping):
            for inner in value.values():
                look(inner)
        elif isinstance(value, list):
            for inner in value:
                look(inner)

    look(data)
    return found
