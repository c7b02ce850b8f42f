"""Every rule fires where it should and is silent where it should: cases/<family>.yaml has both for each."""

from __future__ import annotations

import pytest

from meshwright.check.rules.registry import load_rules
from meshwright.check.rules.runner import run_rules
from support.rulecases import Case, found_in, load_cases, model_of

CASES = load_cases()
RULES = {rule.id: rule for rule in load_rules()}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}: {case.name}")
def test_case(case: Case) -> None:
    assert found_in(case) == list(case.expect)


@pytest.mark.parametrize("rule", RULES)
def test_each_rule_fires_and_is_silent(rule: str) -> None:
    cases = [case for case in CASES if case.rule == rule]

    assert any(case.expect for case in cases), "no case where it fires"
    assert any(not case.expect for case in cases), "no case where it is silent"


def test_the_cases_of_a_rule_are_in_the_file_of_its_family() -> None:
    families = {rule.id: rule.find.__module__.rpartition(".")[2] for rule in RULES.values()}

    assert {(case.rule, case.family) for case in CASES} == set(families.items())


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}: {case.name}")
def test_no_rule_stumbles_over_the_case_of_another(case: Case) -> None:
    list(run_rules(model_of(case)))
