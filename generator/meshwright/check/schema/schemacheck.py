"""Something for a JSON Schema to judge, and how to say what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from meshwright.manifests.finding import Finding


@dataclass(frozen=True)
class SchemaCheck:
    """Data that kubeconform judges together with all other data, in one process.

    ``explain`` is called for refused data alone, with kubeconform's own words: it names every fault with
    its place. ``is_object`` says that the data is a Kubernetes object, for which kubeconform finds the
    schema by kind; anything else is judged by ``schema`` as it is.
    """

    data: Any
    schema: Path
    explain: Callable[[str], Iterator[Finding]]
    is_object: bool = False
