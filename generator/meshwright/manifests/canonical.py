"""Normalises the keys of a kustomization, which kustomize reads without regard to case.

kustomize decodes with Go's encoding/json, for which ``Resources`` and ``resources`` are the same field.
An exact comparison of keys would miss fields that kustomize reads, so keys are normalised first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from meshwright.yaml.pointer import Pointer

# Go uses Unicode simple folding, in which two non-ASCII letters are equal to an ASCII one.
_FOLDED = str.maketrans({"\u017f": "s", "\u212a": "k"})

_OPTIONS = ("labels", "annotations", "disableNameSuffixHash", "immutable")
_PATCH = ("path", "patch", "target", "options")
GENERATOR = ("name", "namespace", "behavior", "literals", "files", "envs", "env", "options", "type")
HELM_CHART = (
    "name",
    "version",
    "repo",
    "releaseName",
    "namespace",
    "additionalValuesFiles",
    "valuesFile",
    "valuesInline",
    "valuesMerge",
    "includeCRDs",
    "skipHooks",
    "apiVersions",
    "kubeVersion",
    "nameTemplate",
    "skipTests",
)

# Nested fields of those fields that name files or affect names (sigs.k8s.io/kustomize/api v0.21.1, types).
_BELOW: Mapping[str, Sequence[str]] = {
    "configMapGenerator": GENERATOR,
    "secretGenerator": GENERATOR,
    "generatorOptions": _OPTIONS,
    "options": _OPTIONS,
    "patches": _PATCH,
    "patchesJson6902": _PATCH,
    "replacements": ("path", "source", "targets", "sourceValue"),
    "helmCharts": (*HELM_CHART, "debug", "devel"),
    "helmGlobals": ("chartHome", "configHome"),
}


@dataclass
class Spelling:
    """How a file spells its keys: ``written`` by canonical pointer, and duplicate keys."""

    written: dict[Pointer, str] = field(default_factory=dict)
    doubled: list[tuple[Pointer, str]] = field(default_factory=list)

    def original(self, pointer: Pointer) -> Pointer:
        """A canonical pointer in the file's own spelling."""
        if not self.written:
            return pointer
        steps = (self.written.get(pointer[: depth + 1], step) for depth, step in enumerate(pointer))
        return tuple(steps)


def fold(key: Any) -> str:
    """Fold a key's case like Go's decoder."""
    return str(key).translate(_FOLDED).lower()


def canonical(data: Mapping[str, Any], names: Sequence[str]) -> tuple[dict[str, Any], Spelling]:
    """``data`` with its fields, and their nested fields, in canonical spelling.

    ``names`` are the fields of the mapping itself. Unknown keys stay as they are.
    """
    spelling = Spelling()
    return _mapping(data, names, (), spelling), spelling


def _mapping(
    data: Mapping[Any, Any], names: Sequence[str], at: Pointer, spelling: Spelling
) -> dict[str, Any]:
    usual = {fold(name): name for name in names}
    found: dict[str, Any] = {}
    for key, value in data.items():
        name = usual.get(fold(key), key)
        if name != key:
            spelling.written[(*at, name)] = str(key)
        if name in found:
            spelling.doubled.append(((*at, name), str(key)))
        found[name] = _value(value, str(name), (*at, name), spelling)
    return found


def _value(value: Any, name: str, at: Pointer, spelling: Spelling) -> Any:
    names = _BELOW.get(name)
    if names is None:
        return value
    if isinstance(value, Mapping):
        return _mapping(value, names, at, spelling)
    if isinstance(value, list):
        return [
            _mapping(item, names, (*at, number), spelling) if isinstance(item, Mapping) else item
            for number, item in enumerate(value)
        ]
    return value


def doubled_keys(spelling: Spelling) -> Iterator[tuple[Pointer, str]]:
    """The position and a message for each duplicate field."""
    for pointer, written in spelling.doubled:
        yield pointer, f"'{written}' and '{pointer[-1]}' are the same field: kustomize ignores case"
