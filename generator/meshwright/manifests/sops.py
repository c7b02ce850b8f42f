"""Objects encrypted with SOPS, which only the cluster can read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from meshwright.manifests.unit import BuiltObject

# What every value that SOPS encrypted begins with.
ENCRYPTED = "ENC["


def is_encrypted(data: Mapping[str, Any]) -> bool:
    """Whether an object has SOPS' metadata beside its encrypted values."""
    return isinstance(data.get("sops"), Mapping)


def without_sops(built: BuiltObject) -> BuiltObject:
    """An encrypted object as the API server gets it, but with encrypted values; any other one as it is."""
    if not is_encrypted(built.data):
        return built
    data = {key: value for key, value in built.data.items() if key != "sops"}
    return BuiltObject(data, built.origin, encrypted=True)
