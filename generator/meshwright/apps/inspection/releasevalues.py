"""The values with which an application installs a chart, as far as they are in the repository."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from meshwright.apps.model import Base
from meshwright.apps.releases import InstalledChart
from meshwright.errors import Position
from meshwright.flux.helmrelease import ValuesReference, values_references
from meshwright.manifests.inside import read_inside
from meshwright.manifests.unit import BuiltObject
from meshwright.manifests.values import ValuesLayer, at_path, merge
from meshwright.yaml import YamlFault, parse
from meshwright.yaml.pointer import items_of, mapping_of


@dataclass(frozen=True)
class ReleaseValues:
    """The merged values, and what could not be read of them."""

    data: dict[str, Any]
    not_seen: tuple[str, ...] = ()


def values_of(release: InstalledChart, base: Base, root: Path) -> ReleaseValues:
    """The values of a release in the repository at ``root``: from files and ConfigMaps, then inline."""
    layers: list[dict[str, Any]] = []
    last: list[dict[str, Any]] = []
    not_seen: list[str] = []
    if release.item is not None:
        for reference in values_references(release.item):
            read = _referred(reference, release.item, base)
            if read is None:
                if not reference.optional:
                    not_seen.append(f"its values from {reference.kind} '{reference.name}'")
            elif reference.target:
                last += [found] if (found := at_path(reference.target, read)) else []
            elif isinstance(read, dict):
                layers.append(read)
    for file in [release.entry.get("valuesFile"), *items_of(release.entry.get("additionalValuesFiles"))]:
        if isinstance(file, str) and file:
            found = _file(root, posixpath.normpath(posixpath.join(release.folder, file)))
            if isinstance(found, dict):
                layers.append(found)
            else:
                not_seen.append(f"its values from {file}")
    layers += [dict(release.values), *last]
    return ReleaseValues(merge([ValuesLayer(data, _nowhere) for data in layers]).data, tuple(not_seen))


def _nowhere(_pointer: object, _key: bool) -> Position:
    return Position("")


def _referred(reference: ValuesReference, release: BuiltObject, base: Base) -> Any:
    if reference.kind != "ConfigMap":
        return None
    for item in base.objects:
        if (item.kind, item.name, item.namespace) == ("ConfigMap", reference.name, release.namespace):
            text = mapping_of(item.data.get("data")).get(reference.key)
            return text if reference.target else _parsed(str(text or ""))
    return None


def _file(root: Path, path: str) -> Any:
    try:
        return _parsed(read_inside(root, path).decode("utf-8"))
    except (OSError, UnicodeDecodeError):
        return None


def _parsed(text: str) -> Any:
    try:
        return parse(text) or {}
    except YamlFault:
        return None
