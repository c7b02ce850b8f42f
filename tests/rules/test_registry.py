"""Rules have an id and a name of their own; one that is given twice is one line, with both places."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from meshwright.check.rules.registry import in_order, load_rules, rules_by_name
from meshwright.errors import CannotRun

_STEPS = ("schema", "mesh", "build", "kubeconform", "values", "suppression", "baseline", "internal", "limit")


def test_names_are_words_with_dashes() -> None:
    for rule in load_rules():
        assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", rule.name), rule.id
        assert len(rule.name) <= 40, rule.id


def test_no_name_is_the_beginning_of_an_id() -> None:
    ids = [*(rule.id.lower() for rule in load_rules()), *(f"{step}/" for step in _STEPS)]

    assert [rule.name for rule in load_rules() if any(id.startswith(rule.name) for id in ids)] == []


def test_each_rule_is_found_by_both() -> None:
    known = rules_by_name()

    assert len(known) == 2 * len(load_rules())
    assert all(known[rule.id] is known[rule.name] is rule for rule in load_rules())


def test_places_are_where_the_rules_stand(root: Path) -> None:
    folder = root / "generator" / "meshwright" / "check" / "rules"
    for rule in load_rules():
        lines = (folder / f"{rule.module}.py").read_text(encoding="utf-8").splitlines()
        assert re.match(r"@?rule\($", lines[rule.line - 1]), rule.place
        assert lines[rule.line].strip() == f'"{rule.id}",', rule.place


# A module that gives what another has given; it is imported as one of the package's own.
_DOUBLED = """
import sys
from dataclasses import replace
from meshwright import cli
from meshwright.check.rules import policy, rule
first, second = rule.REGISTERED[:2]
rule.REGISTERED[1] = replace(second, line=7, **{sys.argv[1]: getattr(first, sys.argv[1])})
sys.argv = ["meshwright", *sys.argv[2:]]
cli.main()
"""


@pytest.mark.parametrize(("field", "name"), [("id", "MW411"), ("name", "server-denies-all")])
@pytest.mark.parametrize(
    "command",
    [
        ["check", "--no-cache"],
        pytest.param(["explain", "MW411"], marks=pytest.mark.long),
        pytest.param(["trust"], marks=pytest.mark.long),
    ],
)
def test_a_doubled_rule_is_one_line_with_both_places(
    field: str, name: str, command: list[str], root: Path
) -> None:
    example = root / "examples" / "pi-cluster"

    done = subprocess.run(
        [sys.executable, "-c", _DOUBLED, field, *command],
        cwd=example,
        capture_output=True,
        text=True,
        check=False,
    )

    place = rules_by_name()[name].place
    assert done.returncode == 2
    assert done.stderr == f"meshwright: two rules are called {name}: {place} and policy:7\n"


def test_a_copied_rule_is_one_line_too() -> None:
    rule = load_rules()[0]

    with pytest.raises(CannotRun) as caught:
        in_order([rule, replace(rule, line=rule.line + 30)])

    assert (
        str(caught.value)
        == f"two rules are called {rule.id}: {rule.place} and {rule.module}:{rule.line + 30}"
    )
