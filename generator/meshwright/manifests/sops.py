"""Files that SOPS encrypted: only the cluster can read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def is_encrypted(data: Mapping[str, Any]) -> bool:
    """Whether an object carries SOPS' own key beside its encrypted values."""
    return isinstance(data.get("sops"), Mapping)


def without_sops(data: Mapping[str, Any]) -> dict[str, Any]:
    """The object as the API server would see it, encrypted values left as they are."""
    return {key: value for key, value in data.items() if key != "sops"}
