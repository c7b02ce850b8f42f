"""The pinned versions of template/includes/pins.yml."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from meshwright.resources import includes_root
from meshwright.yaml import parse


@dataclass(frozen=True)
class Pins:
    """Versions by name; ``kubernetes`` is a minor such as 1.36.

    ``versions`` are those that the generated README asks for.
    """

    charts: dict[str, str]
    crds: dict[str, str]
    images: dict[str, str]
    hooks: dict[str, str]
    actions: dict[str, str]
    tools: dict[str, str]
    kubernetes: str
    versions: dict[str, str]


@cache
def load_pins() -> Pins:
    """The pins this package was built with."""
    file = includes_root() / "pins.yml"
    return Pins(**parse(file.read_text(encoding="utf-8"), str(file)))
