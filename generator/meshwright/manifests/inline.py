"""Inline objects in fields that also accept paths, such as an entry of ``transformers``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from meshwright.yaml import YamlFault, flow, parse_all


def inline_objects(entry: str) -> Sequence[Any] | None:
    """The objects in ``entry``; None if it is a path.

    kustomize parses an entry as objects first, and otherwise loads it as a path, even from the network.
    """
    # Most entries are plain paths, which need no parser.
    if "\n" not in entry and ":" not in entry:
        return None
    return _objects(entry)


def as_text(objects: Sequence[Any]) -> str:
    """Objects as text that cannot be read as a path or URL: JSON, which starts with a brace."""
    return "\n---\n".join(flow(item, default=str) for item in objects)


@lru_cache(maxsize=4096)
def _objects(entry: str) -> Sequence[Any] | None:
    try:
        documents = parse_all(entry)
    except YamlFault:
        return None
    whole = bool(documents) and all(isinstance(item, dict) and item.get("kind") for item in documents)
    return tuple(documents) if whole else None
