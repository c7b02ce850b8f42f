"""Objects encrypted with SOPS, which only the cluster can read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def is_encrypted(data: Mapping[str, Any]) -> bool:
    """Whether an object has SOPS' metadata beside its encrypted values."""
    return isinstance(data.get("sops"), Mapping)


def without_sops(data: Mapping[str, Any]) -> dict[str, Any]:
    """The object as the API server gets it, but with encrypted values."""
    return {key: value for key, value in data.items() if key != "sops"}
