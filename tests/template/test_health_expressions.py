"""The CEL health expressions of the Flux wiring, run on objects in the states that a bootstrap goes through.

An expression that does not parse stalls its Kustomization for ever; one that fails on a missing field makes
Flux wait, like one that is false (fluxcd/pkg runtime/cel, status_evaluator.go).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cel
import pytest

from meshwright.scaffold import render
from meshwright.yaml import parse

VARIANTS: list[dict[str, Any]] = [{}, {"distribution": "other", "trust_anchor": "ca-issuer"}]
META = {"generation": 2}
INJECTED = {"template": {"metadata": {"annotations": {"linkerd.io/inject": "enabled"}}}, "replicas": 1}
ROLLED_OUT = {"updatedReplicas": 1, "availableReplicas": 1, "replicas": 1}


def condition(kind: str, status: str, generation: int = 2) -> dict[str, Any]:
    return {"conditions": [{"type": kind, "status": status, "observedGeneration": generation}]}


CASES: list[tuple[str, bool, dict[str, Any]]] = [
    ("Certificate", False, {"metadata": META}),
    ("Certificate", False, {"metadata": META, "status": {}}),
    ("Certificate", False, {"metadata": META, "status": condition("Ready", "False")}),
    ("Certificate", False, {"metadata": META, "status": condition("Ready", "True", generation=1)}),
    ("Certificate", False, {"metadata": META, "status": condition("Issuing", "True")}),
    ("Certificate", True, {"metadata": META, "status": condition("Ready", "True")}),
    ("ClusterIssuer", False, {"metadata": META}),
    ("ClusterIssuer", False, {"metadata": META, "status": condition("Ready", "False")}),
    ("ClusterIssuer", True, {"metadata": META, "status": condition("Ready", "True")}),
    ("Bundle", False, {"metadata": META}),
    ("Bundle", False, {"metadata": META, "status": condition("Synced", "False")}),
    ("Bundle", False, {"metadata": META, "status": condition("Synced", "True", generation=1)}),
    ("Bundle", True, {"metadata": META, "status": condition("Synced", "True")}),
    ("MutatingWebhookConfiguration", False, {"webhooks": [{"clientConfig": {}}]}),
    ("MutatingWebhookConfiguration", False, {"webhooks": [{"clientConfig": {"caBundle": ""}}]}),
    ("MutatingWebhookConfiguration", True, {"webhooks": [{"clientConfig": {"caBundle": "Q0E="}}]}),
    ("Deployment", False, {"spec": {"template": {"metadata": {}}, "replicas": 1}, "status": ROLLED_OUT}),
    (
        "Deployment",
        False,
        {"spec": INJECTED, "status": {"replicas": 2, "updatedReplicas": 1, "availableReplicas": 2}},
    ),
    ("Deployment", False, {"spec": INJECTED, "status": {"replicas": 1, "updatedReplicas": 1}}),
    ("Deployment", True, {"spec": INJECTED, "status": ROLLED_OUT}),
]


@pytest.fixture(scope="module")
def expressions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """Kind -> every expression for it, from the variants that have them all."""
    found: dict[str, set[str]] = {}
    for number, answers in enumerate(VARIANTS):
        repository: Path = tmp_path_factory.mktemp("health") / str(number)
        render(answers, repository)
        for file in repository.glob("clusters/*/platform/*.yaml"):
            spec = parse(file.read_text(encoding="utf-8")).get("spec", {})
            for check in spec.get("healthCheckExprs", []):
                found.setdefault(check["kind"], set()).add(check["current"])
    return found


def is_current(expression: str, state: dict[str, Any]) -> bool:
    """As Flux sees it: the object's top-level fields are the variables, a missing one is "not yet"."""
    program = cel.compile(expression)
    try:
        return bool(program.execute(state))
    except (ValueError, KeyError, RuntimeError):
        return False


def test_every_kind_with_an_expression_has_cases(expressions: dict[str, set[str]]) -> None:
    assert expressions.keys() == {kind for kind, _, _ in CASES}


@pytest.mark.parametrize(("kind", "expected", "state"), CASES)
def test_expression_tells_ready_from_not_yet(
    kind: str, expected: bool, state: dict[str, Any], expressions: dict[str, set[str]]
) -> None:
    for expression in expressions[kind]:
        assert is_current(expression, state) is expected, expression


def test_cel_refuses_what_flux_refuses() -> None:
    """has() takes a selection; of a bare name cel-go says the same, and Flux stalls."""
    with pytest.raises(ValueError, match=r"invalid argument to has\(\) macro"):
        cel.compile("has(webhooks) && webhooks.all(w, true)")
