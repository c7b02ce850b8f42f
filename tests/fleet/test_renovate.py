"""The rules of renovate.json: one for each cluster, in the text that the user may have edited."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from meshwright.fleet.renovate import with_rules, without_rule

TEXTS = {
    "empty": '{\n  "packageRules": []\n}\n',
    "one": '{"packageRules": [{"enabled": false}], "pinDigests": true}',
    "edited": '{\n  "packageRules": [\n    {"a": "]"},\n    {\n      "b": ["}"]\n    }\n  ],\n'
    '  "more": {"packageRules": [1]}\n}\n',
}


def rules(text: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(text)["packageRules"]
    return found


@pytest.mark.parametrize("name", TEXTS)
def test_rules_come_and_go_and_leave_the_rest_alone(name: str) -> None:
    text = TEXTS[name]

    both = with_rules(text, ["staging", "production"])

    assert both is not None
    assert rules(both)[:-2] == rules(text)
    assert [rule["additionalBranchPrefix"] for rule in rules(both)[-2:]] == ["staging-", "production-"]
    assert rules(both)[-1]["matchFileNames"] == [
        "clusters/production/**",
        "platform/production/**",
        ".copier-answers.production.yml",
    ]
    assert with_rules(both, ["production", "staging"]) == both
    for first, second in (("staging", "production"), ("production", "staging")):
        one = without_rule(both, first)
        assert one is not None
        assert [rule.get("additionalBranchPrefix") for rule in rules(one)[len(rules(text)) :]] == [
            f"{second}-"
        ]
        none = without_rule(one, second)
        assert none is not None
        assert {**json.loads(none)} == json.loads(text)
    assert without_rule(text, "staging") == text


@pytest.mark.parametrize(
    "text",
    ["{", "// JSON5\n{}", "[]", "{}", '{"packageRules": {}}', '{"a": {"packageRules": []}}', "[" * 100_000],
)
def test_another_form_is_left_to_the_user(text: str) -> None:
    assert with_rules(text, ["staging"]) is None
    assert without_rule(text, "staging") is None


def test_the_rendered_file_has_the_form(root: Path) -> None:
    for file in (root / "examples").glob("*/renovate.json"):
        text = file.read_text(encoding="utf-8")
        changed = with_rules(text, ["edge"])
        assert changed is not None
        assert without_rule(changed, "edge") == text
