"""Chart values merged from several layers, with the position of each value."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from meshwright.errors import Position
from meshwright.yaml.pointer import Pointer, holds

_STEP = re.compile(r"((?:\\.|[^.\[\]\\])+)|\[(\d+)\]")

Locate = Callable[[Pointer, bool], Position]


@dataclass(frozen=True)
class ChartReference:
    """A chart's name, and its version as written; empty if there is none.

    ``source`` is the URL of its repository, without the name; empty if it is unknown. ``wanted`` is what the
    engine reads instead of ``version``, such as a digest.
    """

    name: str
    version: str = ""
    source: str = field(default="", compare=False)
    wanted: str = field(default="", compare=False)

    @property
    def asked(self) -> str:
        """What the engine asks the source for: a version, a range, a tag or a digest."""
        return self.wanted or self.version


@dataclass(frozen=True)
class ValuesLayer:
    """One source of values; later layers win. ``locate`` finds a value, or its key, in the source."""

    data: dict[str, Any]
    locate: Locate


@dataclass(frozen=True)
class MergedValues:
    """The values that Helm gets from all layers."""

    data: dict[str, Any]
    layers: Sequence[ValuesLayer]

    def position(self, pointer: Pointer, *, key: bool = False) -> Position:
        """The position of the effective value, or of its nearest parent, in the last layer that has it."""
        for length in range(len(pointer), -1, -1):
            for layer in reversed(self.layers):
                if holds(layer.data, pointer[:length]):
                    return layer.locate(pointer[:length], key and length == len(pointer))
        raise LookupError("no layers")


def merge(layers: Sequence[ValuesLayer]) -> MergedValues:
    """Merge mappings by key and replace anything else; null is kept, because it deletes a default."""
    merged: dict[str, Any] = {}
    for layer in layers:
        merged = _merge(merged, layer.data)
    return MergedValues(merged, layers)


def at_path(path: str, value: Any) -> dict[str, Any] | None:
    """The mapping that ``path`` adds, in the syntax of helm --set; None if it is not a valid path.

    A path with a list index is not supported, because merging it needs the whole list.
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
