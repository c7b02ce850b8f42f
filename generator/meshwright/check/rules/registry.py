"""All rules: every module of this package registers its own when it is imported."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from functools import cache

from meshwright.check import rules
from meshwright.check.rules.rule import REGISTERED, Rule
from meshwright.errors import CannotRun


@cache
def load_rules() -> tuple[Rule, ...]:
    """All rules, by id. Raises CannotRun when two have one id or one name."""
    for module in pkgutil.iter_modules(rules.__path__):
        importlib.import_module(f"{rules.__name__}.{module.name}")
    return in_order(REGISTERED)


def in_order(found: Iterable[Rule]) -> tuple[Rule, ...]:
    """The rules by id. Raises CannotRun, with one line per id or name that two rules have."""
    first: dict[str, Rule] = {}
    doubled = []
    for rule in found:
        for name in (rule.id, rule.name):
            other = first.setdefault(name, rule)
            if other is not rule:
                doubled.append(f"two rules are called {name}: {other.place} and {rule.place}")
                break
    if doubled:
        raise CannotRun(*doubled)
    return tuple(sorted(set(first.values()), key=lambda rule: rule.id))


def rules_by_name() -> dict[str, Rule]:
    """Each rule by its id and by its name."""
    return {name: rule for rule in load_rules() for name in (rule.id, rule.name)}
