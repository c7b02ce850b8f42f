"""Paths into parsed YAML: the keys and indexes that lead to a value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Pointer = tuple[str | int, ...]

_PLAIN = re.compile(r"[A-Za-z0-9_-]+")


def mapping_of(value: Any) -> Mapping[str, Any]:
    """``value`` if it is a mapping, else an empty one; a schema reports anything else."""
    # A dict is found many times faster than a Mapping of another class.
    return value if isinstance(value, (dict, Mapping)) else {}


def items_of(value: Any) -> list[Any]:
    """``value`` if it is a list, else an empty one; a schema or kustomize reports anything else."""
    return value if isinstance(value, list) else []


def holds(data: Any, pointer: Iterable[str | int]) -> bool:
    """Whether ``data`` has a value at ``pointer``."""
    for step in pointer:
        if isinstance(data, Mapping):
            if step not in data:
                return False
        elif not (isinstance(data, list) and isinstance(step, int) and step < len(data)):
            return False
        data = data[step]
    return True


def value_at(data: Any, pointer: Iterable[str | int]) -> Any:
    """The value at ``pointer``, which must exist."""
    for step in pointer:
        data = data[step]
    return data


def lookup(data: Any, pointer: Iterable[str | int]) -> Any:
    """The value at ``pointer``, None where ``data`` has none."""
    for step in pointer:
        if isinstance(data, dict):
            data = data.get(step)
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            data = data[step]
        elif isinstance(data, Mapping):
            data = data.get(step)
        else:
            return None
    return data


def keys_named(data: Any, name: str) -> Iterator[Pointer]:
    """Pointers to every key called ``name``, outermost first within a branch."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            if key == name:
                yield (key,)
            yield from ((key, *rest) for rest in keys_named(value, name))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from ((index, *rest) for rest in keys_named(value, name))


def scalars(data: Any, pointer: Pointer = ()) -> Iterator[tuple[Pointer, Any]]:
    """Every scalar value with its pointer."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield from scalars(value, (*pointer, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from scalars(value, (*pointer, index))
    else:
        yield pointer, data


def dotted(pointer: Iterable[Any]) -> str:
    """``spec.containers[0].image``; a YAML key that is not text is written as in YAML."""
    text = ""
    for step in pointer:
        if isinstance(step, int) and not isinstance(step, bool):
            text += f"[{step}]"
            continue
        name = "null" if step is None else str(step).lower() if isinstance(step, bool) else str(step)
        if _PLAIN.fullmatch(name):
            text += f".{name}" if text else name
        else:
            text += f"['{name}']"
    return text
