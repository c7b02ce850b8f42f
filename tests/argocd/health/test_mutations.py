"""The cases are worth something: a fault put into a check makes one of them fail."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
import yaml

from argocd.health.cases import cases, check_files, source
from argocd.health.sandbox import Check, CheckError

_CONDITION = re.compile(r"\b(if|elseif)\b(.+?)\bthen\b", re.DOTALL)


@cache
def written() -> dict[str, list[tuple[str, str]]]:
    """Check -> pairs of what is written and what stands there instead."""
    found: dict[str, list[tuple[str, str]]] = yaml.safe_load(
        (Path(__file__).parent / "mutations.yml").read_text(encoding="utf-8")
    )
    return found


def replaced() -> list[tuple[str, str, str]]:
    return [(check, old, new) for check, pairs in written().items() for old, new in pairs]


def negated() -> list[tuple[str, int]]:
    return [(check, match.start()) for check in check_files() for match in _CONDITION.finditer(source(check))]


@pytest.mark.parametrize(("check", "old", "new"), replaced())
def test_a_fault_in_a_check_is_noticed(check: str, old: str, new: str) -> None:
    assert source(check).count(old) == 1, "the fault must hit one place"
    assert noticed(check, source(check).replace(old, new))


@pytest.mark.parametrize(("check", "place"), negated())
def test_every_condition_turned_round_is_noticed(check: str, place: int) -> None:
    def turned(match: re.Match[str]) -> str:
        return f"{match[1]} not ({match[2].strip()}) then" if match.start() == place else match[0]

    text = _CONDITION.sub(turned, source(check))
    assert text != source(check)
    assert noticed(check, text)


def test_every_check_has_its_faults() -> None:
    assert set(written()) == set(check_files())


def noticed(check: str, text: str) -> bool:
    """Whether any case tells the changed check from the right one."""
    run = Check(text)
    for case in cases(check):
        try:
            verdict = run.verdict(case.manifest)
        except CheckError:
            return True
        if verdict.status != case.status or case.message not in verdict.message:
            return True
    return False
