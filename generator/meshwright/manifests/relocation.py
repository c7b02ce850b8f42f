"""Rewrites a kustomization for another folder, in a form that is safe to pass to kustomize."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from meshwright.manifests.canonical import HELM_CHART
from meshwright.manifests.inline import as_text, inline_objects
from meshwright.manifests.kustomization import (
    FIELDS,
    PLUGIN_FIELDS,
    Expected,
    Reference,
    references_of,
    single,
)
from meshwright.manifests.plugins import moved, spelled
from meshwright.yaml.pointer import items_of

# Converts an entry to the path from the other folder.
SeenFrom = Callable[[str], str]
# Reads the configurations in the file or folder of an entry in a plugin field.
Configurations = Callable[[str], Sequence[Any]]


def relocate(
    data: Mapping[str, Any], seen_from: SeenFrom, configurations: Configurations | None = None
) -> dict[str, Any]:
    """A copy of a kustomization that has the same meaning in another folder, without unknown fields.

    With ``configurations``, the plugin configurations are inlined, with paths relative to the kustomization
    that lists them. Without it, such entries still refer to their files.
    """
    result = copy.deepcopy({key: value for key, value in data.items() if key in FIELDS})
    for reference in (*references_of(data), *_values_files(data)):
        if reference.field not in PLUGIN_FIELDS:
            reference.replace_in(result, seen_from(reference.entry))
    for field in PLUGIN_FIELDS:
        if field in result:
            entries = items_of(result[field])
            result[field] = [_plugin(entry, seen_from, configurations) for entry in entries]
    if "patchesStrategicMerge" in result:
        result["patchesStrategicMerge"] = [
            spelled(item) for item in items_of(result["patchesStrategicMerge"])
        ]
    if "helmCharts" in result:
        charts = [entry for entry in items_of(result["helmCharts"]) if isinstance(entry, dict)]
        result["helmCharts"] = [{key: entry[key] for key in entry if key in HELM_CHART} for entry in charts]
    return result


def _plugin(entry: Any, seen_from: SeenFrom, configurations: Configurations | None) -> Any:
    if not isinstance(entry, str):
        return entry
    objects = inline_objects(entry)
    if objects is None and configurations is None:
        return seen_from(entry)
    if objects is None and configurations is not None:
        objects = configurations(entry)
    return as_text([moved(config, seen_from) for config in objects or ()])


def _values_files(data: Mapping[str, Any]) -> Iterator[Reference]:
    """The values files of helmCharts, which are not part of a build without Helm."""
    for index, item in enumerate(items_of(data.get("helmCharts"))):
        yield from single(("helmCharts", index, "valuesFile"), item)
        more = item.get("additionalValuesFiles") if isinstance(item, dict) else None
        for number, entry in enumerate(items_of(more)):
            if isinstance(entry, str):
                pointer = ("helmCharts", index, "additionalValuesFiles", number)
                yield Reference(pointer, entry, Expected.FILE)
