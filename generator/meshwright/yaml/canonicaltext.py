"""A canonical text of data: equal data have equal texts, whatever the types of their keys."""

from __future__ import annotations

import json
from typing import Any


def identity(data: Any) -> str:
    """The canonical text, with keys sorted, also keys that JSON cannot sort, such as 7 beside name."""
    try:
        return json.dumps(data, sort_keys=True, default=str)
    except TypeError:
        return json.dumps(_pairs(data), default=str)


def _pairs(data: Any) -> Any:
    if isinstance(data, dict):
        pairs = [[f"{type(key).__name__} {key}", _pairs(value)] for key, value in data.items()]
        return sorted(pairs, key=lambda pair: str(pair[0]))
    return [_pairs(item) for item in data] if isinstance(data, list | tuple) else data
