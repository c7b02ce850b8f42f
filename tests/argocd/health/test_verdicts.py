"""What each health check says about statuses as the controllers write them."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from argocd.health.cases import Case, Place, all_cases, at, cases, check_files, compiled, paths
from argocd.health.sandbox import Check, CheckError


@pytest.mark.parametrize("case", all_cases(), ids=lambda case: f"{case.check}: {case.name}")
def test_a_check_says_what_the_case_expects(case: Case) -> None:
    verdict = compiled(case.check).verdict(case.manifest)
    assert (verdict.status, case.message in verdict.message) == (case.status, True), verdict


@pytest.mark.parametrize("check", list(check_files()))
def test_every_check_has_cases_of_its_own_names(check: str) -> None:
    names = [case.name for case in cases(check)]
    assert len(names) >= 4
    assert len(names) == len(set(names))


@pytest.mark.parametrize("check", list(check_files()))
def test_whatever_is_missing_a_check_answers(check: str) -> None:
    run = compiled(check).verdict
    for case in cases(check):
        for path in paths(case.manifest):
            run(without(case.manifest, path))
    run({})


def test_nothing_short_of_a_whole_status_makes_an_application_healthy() -> None:
    (healthy, *_) = cases("application")
    needed = [
        ("status",),
        ("status", "health"),
        ("status", "sync"),
        ("status", "sync", "comparedTo"),
        ("status", "sync", "comparedTo", "source"),
        ("status", "sync", "comparedTo", "destination"),
        ("status", "operationState"),
        ("status", "operationState", "phase"),
    ]
    for path in needed:
        assert compiled("application").verdict(without(healthy.manifest, path)).status == "Progressing", path


@pytest.mark.parametrize(
    "case",
    [case for case in cases("application") if case.status == "Healthy"],
    ids=lambda case: case.name,
)
def test_any_change_of_source_or_destination_ends_an_applications_health(case: Case) -> None:
    spec = case.manifest["spec"]
    counted = "sources" if spec.get("sources") else "source"
    places = [
        path
        for path in paths(spec)
        if path[0] in (counted, "destination") and not isinstance(at(spec, path), dict | list)
    ]
    assert places
    for path in places:
        changed = copy.deepcopy(case.manifest)
        at(changed["spec"], path[:-1])[path[-1]] = other(at(spec, path))
        verdict = compiled("application").verdict(changed)
        assert verdict.status == "Progressing", path
        assert "compare" in verdict.message, path


@pytest.mark.parametrize(
    "script",
    [
        'return {status = string.upper("healthy")}',
        'return {status = ("x"):upper()}',
        "return {status = math.max(1, 2)}",
        'return {status = require("os").date()}',
        'return {status = "healthy"}',
        'return {status = "Healthy", reason = "x"}',
        'return "Healthy"',
        "local x = obj.status",
    ],
)
def test_the_sandbox_refuses_what_argo_cd_would_not_take(script: str) -> None:
    with pytest.raises(CheckError):
        Check(script).verdict({})


def test_the_sandbox_hands_over_lists_from_one_and_no_null() -> None:
    script = 'return {status = "Healthy", message = obj.a[1] .. tostring(obj.b) .. tostring(#obj.c)}'
    assert Check(script).verdict({"a": ["x"], "b": None, "c": []}).message == "xnil0"


def without(manifest: dict[str, Any], path: Place) -> dict[str, Any]:
    """The object without what stands at `path`."""
    result = copy.deepcopy(manifest)
    del at(result, path[:-1])[path[-1]]
    return result


def other(value: Any) -> Any:
    """Another value of the same type."""
    return not value if isinstance(value, bool) else value + 1 if isinstance(value, int) else f"{value}x"
