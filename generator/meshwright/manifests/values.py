"""Chart values merged from several layers, and where each was written."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from meshwright.errors import Position
from meshwright.manifests.pointer import Pointer, holds

_STEP = re.compile(r"((?:\\.|[^.\[\]\\])+)|\[(\d+)\]")

Locate = Callable[[Pointer, bool], Position]


@dataclass(frozen=True)
class ChartReference:
    """A chart's name, and its version as written; empty when it is not written."""

    name: str
    version: str = ""


@dataclass(frozen=True)
class ValuesLayer:
    """One source of values; later layers win. ``locate`` finds a value, or its key, in the source."""

    data: dict[str, Any]
    locate: Locate


@dataclass(frozen=True)
class MergedValues:
    """What Helm gets from all layers together."""

    data: dict[str, Any]
    layers: Sequence[ValuesLayer]

    def position(self, pointer: Pointer, *, key: bool = False) -> Position:
        """Where the value in force was written: in the last layer that has it, or that has a parent."""
        for length in range(len(pointer), -1, -1):
            for layer in reversed(self.layers):
                if holds(layer.data, pointer[:length]):
                    return layer.locate(pointer[:length], key and length == len(pointer))
        raise LookupError("no layers")


def merge(layers: Sequence[ValuesLayer]) -> MergedValues:
    """Mappings are merged key by key, anything else is replaced; null stays, and deletes a default."""
    merged: dict[str, Any] = {}
    for layer in layers:
        merged = _merge(merged, layer.data)
    return MergedValues(merged, layers)


def at_path(path: str, value: Any) -> dict[str, Any] | None:
    """The mapping that ``path`` adds, in the syntax of helm --set; None when it is no path.

    A list index cannot be merged without the list and is left to the cluster.
    """
    steps = [found[1] for found in _STEP.finditer(path)]
    if not steps or any(step is None for step in steps):
        return None
    data: Any = value
    for step in reversed(steps):
        data = {re.sub(r"\\(.)", r"\1", step): data}
    return data if isinstance(data, dict) else None


def _merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        own = merged.get(key)
        both = isinstance(own, dict) and isinstance(value, dict)
        merged[key] = _merge(own, value) if both else copy.deepcopy(value)  # type: ignore[arg-type]
    return merged
