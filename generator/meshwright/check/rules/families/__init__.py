"""The families of rules: each module here registers its own when it is imported."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from meshwright.check.rules.rule import RULES, Rule


@cache
def load_rules() -> tuple[Rule, ...]:
    """All rules, by id."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return tuple(RULES[id] for id in sorted(RULES))
