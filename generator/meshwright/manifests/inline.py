"""Texts with objects that stand where a path may stand too, such as an entry of ``transformers``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from meshwright.yaml import YamlFault, flow, parse_all


def inline_objects(entry: str) -> Sequence[Any] | None:
    """The objects that ``entry`` is; None when it is a path.

    Kustomize tries an entry as objects first, and loads it as a path, from the network too, when it has none.
    """
    # A path of one plain line is the usual case, and costs no parser.
    if "\n" not in entry and ":" not in entry:
        return None
    return _objects(entry)


def as_text(objects: Sequence[Any]) -> str:
    """Objects as one text that no reader takes for a path or an address: JSON, which begins with a brace."""
    return "\n---\n".join(flow(item, default=str) for item in objects)


@lru_cache(maxsize=4096)
def _objects(entry: str) -> Sequence[Any] | None:
    try:
        documents = parse_all(entry)
    except YamlFault:
        return None
    whole = bool(documents) and all(isinstance(item, dict) and item.get("kind") for item in documents)
    return tuple(documents) if whole else None
