"""The patterns with which a kustomization selects objects, and which of them kustomize cannot parse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from meshwright.finding import Finding
from meshwright.manifests.kustomization import KustomizationFile
from meshwright.manifests.unit import BuildUnit
from meshwright.patterns.regexp import PatternFault, compile_anchored
from meshwright.yaml.pointer import Pointer, items_of

_FIX = "escape literal special characters with a backslash"
# source: kustomize api/types/selector.go, NewSelectorRegex
_FIELDS = ("group", "version", "kind", "name", "namespace")


def refused_patterns(unit: BuildUnit, kustomization: KustomizationFile | None) -> list[Finding]:
    """A finding for each invalid regular expression, in the file or where the unit is referenced."""
    found = []
    for data in [kustomization.data if kustomization else {}, unit.manifest or {}]:
        for pointer, value in _patterns(data):
            try:
                compile_anchored(value)
            except PatternFault as fault:
                in_file = kustomization is not None and data is kustomization.data
                at = kustomization.position(pointer) if kustomization and in_file else unit.requested_at
                text = f"{pointer[-1]} '{value}' is not a regular expression that kustomize supports: {fault}"
                found.append(Finding("build/pattern", at, text, _FIX))
        if found:
            break
    return found


def _patterns(data: Mapping[str, Any]) -> Iterator[tuple[Pointer, str]]:
    for pointer, selector in _selectors(data):
        for field in _FIELDS:
            value = selector.get(field) if isinstance(selector, Mapping) else None
            if isinstance(value, str):
                yield (*pointer, field), value


def _selectors(data: Mapping[str, Any]) -> Iterator[tuple[Pointer, Any]]:
    for field in ("patches", "patchesJson6902"):
        for number, entry in enumerate(items_of(data.get(field))):
            if isinstance(entry, Mapping):
                yield (field, number, "target"), entry.get("target")
    for number, entry in enumerate(items_of(data.get("replacements"))):
        for place, target in enumerate(
            items_of(entry.get("targets") if isinstance(entry, Mapping) else None)
        ):
            if isinstance(target, Mapping):
                yield ("replacements", number, "targets", place, "select"), target.get("select")
                for index, reject in enumerate(items_of(target.get("reject"))):
                    yield ("replacements", number, "targets", place, "reject", index), reject
