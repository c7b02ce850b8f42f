"""No rule raises for a value of a type that nobody expects there: manifests of strangers hold any."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import yaml

from meshwright.check.rules.registry import load_rules
from meshwright.check.rules.runner import run_rules
from meshwright.finding import Finding
from support.rulecases import Case, load_cases, model_of

_CASES = load_cases()
_RULES = [rule.id for rule in load_rules()]
_VALUES: tuple[Any, ...] = ({"a": 1}, [1], None)
# Places of a case that the default suite tries; the long one tries all.
_FEW = 2


def _places(node: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for step, value in inner:
        yield (*at, step)
        yield from _places(value, (*at, step))


def _replaced(documents: list[Any], at: tuple[Any, ...], value: Any) -> str:
    changed = copy.deepcopy(documents)
    holder: Any = changed
    for step in at[:-1]:
        holder = holder[step]
    holder[at[-1]] = value
    return yaml.safe_dump_all(changed, sort_keys=False)


def _stumbles(case: Case, few: int | None) -> Iterator[str]:
    for path, text in case.files.items():
        try:
            documents = list(yaml.safe_load_all(text))
        except yaml.YAMLError:
            continue
        places = [at for at in _places(documents) if len(at) > 1]
        if few is not None:
            # The same ones each time, others for each case.
            places = random.Random(f"{case.name}{path}").sample(places, min(few, len(places)))
        for at in places:
            for value in _VALUES:
                files = {**case.files, path: _replaced(documents, at, value)}
                for found in run_rules(model_of(replace(case, files=files))):
                    if isinstance(found, Finding) and found.id.startswith("internal/"):
                        yield f"{case.name}: {path} {at} is {value!r}: {found.message}"


def _cases(rule: str) -> list[Case]:
    return [case for case in _CASES if case.rule == rule]


@pytest.mark.parametrize("rule", _RULES)
def test_some_places(rule: str) -> None:
    assert [text for case in _cases(rule)[:1] for text in _stumbles(case, _FEW)] == []


@pytest.mark.long
@pytest.mark.parametrize("rule", _RULES)
def test_every_place(rule: str) -> None:
    assert [text for case in _cases(rule) for text in _stumbles(case, None)] == []
