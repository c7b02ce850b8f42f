"""Data to validate with a JSON Schema, and how to explain its faults."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from meshwright.finding import Finding


@dataclass(frozen=True)
class SchemaCheck:
    """Data that kubeconform validates together with all other data, in one process.

    ``explain`` is only called for invalid data, with kubeconform's message; it yields every fault with its
    position. ``is_object`` means that the data is a Kubernetes object, for which kubeconform finds the
    schema by kind; other data is validated against ``schema``.
    """

    data: Any
    schema: Path
    explain: Callable[[str], Iterator[Finding]]
    is_object: bool = False
