"""What a mesh.yaml says for one cluster: the whole of it with the cluster's overrides merged in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from meshwright.errors import Position
from meshwright.mergepatch import merge_patch
from meshwright.yaml import Document
from meshwright.yaml.pointer import holds, value_at

CLUSTERS, OVERRIDES = "clusters", "overrides"


@dataclass(frozen=True)
class MergedDocument(Document):
    """A mesh.yaml as it applies to ``cluster``; positions are those of the values in the written file."""

    written: Mapping[str, Any]
    cluster: str

    def position(self, pointer: Sequence[str | int] = (), *, key: bool = False) -> Position:
        """The position of the value at ``pointer``, in the overrides if it comes from there."""
        override = self.written[OVERRIDES][self.cluster]
        replaced = bool(pointer) and holds(override, pointer)
        # A mapping on both sides is merged; its own place is that of the whole.
        if replaced and not (
            isinstance(value_at(override, pointer), Mapping) and holds(self.written, pointer)
        ):
            pointer = (OVERRIDES, self.cluster, *pointer)
        return super().position(pointer, key=key)


def for_cluster(document: Document, cluster: str) -> Document:
    """The document as it applies to ``cluster``: itself, unless it has overrides for that cluster."""
    override = document.data.get(OVERRIDES, {}).get(cluster)
    if override is None:
        return document
    data = merge_patch({key: value for key, value in document.data.items() if key != OVERRIDES}, override)
    return MergedDocument(document.path, data, document.node, document.data, cluster)
