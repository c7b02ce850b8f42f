"""Reads YAML as Copier reads it, by YAML 1.1."""

from __future__ import annotations

from typing import Any

import yaml

from meshwright.errors import MeshwrightError


def load_yaml11(text: str, name: str) -> Any:
    """The data of a text; ``name`` is what a message calls it.

    Raises MeshwrightError if it is not YAML, or has a value that its type does not allow, as February 31.
    """
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise MeshwrightError(f"{name}: this is not YAML: {error}") from None
