"""Splits builds that only list many manifests.

kustomize compares every object with every other one: 7,500 manifests take minutes in one build and seconds
in pieces. If a kustomization only lists resources, the combined results of the pieces are the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from meshwright.manifests.buildinputs import BuildInputs
from meshwright.manifests.kustomization import KustomizationFile
from meshwright.manifests.unit import BuildUnit, BuiltObject

# Manifests in one piece.
LARGEST = 250
_PLAIN = frozenset({"apiVersion", "kind", "metadata", "resources"})


def split(unit: BuildUnit, own: KustomizationFile | None) -> list[BuildUnit]:
    """The pieces of ``unit``; only the unit itself if it is small or modifies the objects that it lists.

    ``own`` is the kustomization of its folder.
    """
    manifests = len(unit.inputs.files)
    data: Mapping[str, Any] | None = unit.copies.get(unit.folder, own.data if own else None)
    if unit.manifest is not None:
        data = unit.manifest
    if manifests <= LARGEST or data is None or unit.needs_helm or not _is_plain(data, unit.inputs):
        return [unit]
    resources = list(data["resources"])
    # An entry may be a folder, so estimate with the average number of manifests per entry.
    size = max(1, len(resources) * LARGEST // manifests)
    written_in = unit.written_in or (own.path if own else "")
    return [
        replace(
            unit,
            manifest={**data, "resources": resources[first : first + size]},
            written_in=written_in,
            copies={folder: copied for folder, copied in unit.copies.items() if folder != unit.folder},
            inputs=replace(unit.inputs, findings=[]) if first else unit.inputs,
        )
        for first in range(0, len(resources), size)
    ]


def _is_plain(data: Mapping[str, Any], inputs: BuildInputs) -> bool:
    """Whether no object of the build can modify another one."""
    resources = data.get("resources")
    return (
        not inputs.renames
        and not inputs.uses_vars
        and not inputs.settings
        and set(data) <= _PLAIN
        and isinstance(resources, list)
        and all(isinstance(entry, str) for entry in resources)
    )


def doubled(pieces: Sequence[Iterable[BuiltObject]]) -> str:
    """kustomize's error for an object that is in two pieces; empty if there is none."""
    seen: dict[tuple[str, str, str, str], int] = {}
    for number, objects in enumerate(pieces):
        for built in objects:
            namespace = built.namespace or "default"
            if seen.setdefault((built.api_version, built.kind, namespace, built.name), number) != number:
                version = built.api_version.rpartition("/")[2]
                identity = f"{built.kind}.{version}.{built.group or '[noGrp]'}/{built.name}.{namespace}"
                return f"may not add resource with an already registered id: {identity}"
    return ""
