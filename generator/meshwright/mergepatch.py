"""JSON Merge Patch (RFC 7396): how ``overrides`` of a mesh.yaml, and layers of chart values, are merged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def merge_patch(whole: Any, patch: Any) -> Any:
    """``whole`` after ``patch``: mappings merge, null removes, all else replaces. Neither is changed."""
    if not isinstance(patch, Mapping):
        return patch
    result = dict(whole) if isinstance(whole, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge_patch(result.get(key), value)
    return result
