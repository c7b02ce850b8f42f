"""All rules: every module of this package registers its own when it is imported."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from meshwright.check import rules
from meshwright.check.rules.rule import RULES, Rule


@cache
def load_rules() -> tuple[Rule, ...]:
    """All rules, by id."""
    for module in pkgutil.iter_modules(rules.__path__):
        importlib.import_module(f"{rules.__name__}.{module.name}")
    return tuple(RULES[id] for id in sorted(RULES))
