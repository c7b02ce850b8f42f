"""A kustomization as it must read in another folder."""

from __future__ import annotations

import copy
import posixpath
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from meshwright.manifests.kustomization import Expected, Reference, references_of, single
from meshwright.manifests.pointer import items_of


def relocate(data: Mapping[str, Any], seen_from: Callable[[str], str]) -> dict[str, Any]:
    """A copy of a kustomization that means the same in another folder.

    ``seen_from`` turns an entry into the path that the new folder needs.
    """
    moved = copy.deepcopy(dict(data))
    for reference in (*references_of(data), *_values_files(data)):
        prefix = reference.prefix
        if not prefix and len(reference.pointer) > 2 and reference.pointer[2] == "files":
            prefix = f"{posixpath.basename(reference.entry)}="
        holder: Any = moved
        for step in reference.pointer[:-1]:
            holder = holder[step]
        holder[reference.pointer[-1]] = prefix + seen_from(reference.entry)
    return moved


def _values_files(data: Mapping[str, Any]) -> Iterator[Reference]:
    """The values files of helmCharts: they belong to charts, and are no part of a build without Helm."""
    for index, item in enumerate(items_of(data.get("helmCharts"))):
        yield from single(("helmCharts", index, "valuesFile"), item)
        more = item.get("additionalValuesFiles") if isinstance(item, dict) else None
        for number, entry in enumerate(items_of(more)):
            if isinstance(entry, str):
                pointer = ("helmCharts", index, "additionalValuesFiles", number)
                yield Reference(pointer, entry, Expected.FILE)
