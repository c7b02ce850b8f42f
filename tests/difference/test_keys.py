"""Keys of YAML that are no text, in every output."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import pytest

from meshwright.difference import Difference, json_output, markdown, text

Compare = Callable[[Mapping[str, str], Mapping[str, str]], Difference]


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("true", "x.true"),
        ("1", "x.1"),
        ("1.5", "x['1.5']"),
        ("2024-01-01", "x.2024-01-01"),
        ("!!timestamp 2024-01-01", "x.2024-01-01"),
        ("!!binary YQ==", "x.a"),
        ("''", "x['']"),
        (".nan", "x['.nan']"),
    ],
)
def test_a_key_that_is_no_text_can_be_shown(changes: Compare, key: str, shown: str) -> None:
    def files(values: str) -> dict[str, str]:
        return {
            "app/kustomization.yaml": "resources: [map.yaml]\n",
            "app/map.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"
            f"data:\n  values.yaml: |\n    {values}\n",
        }

    difference = changes(files("x: {c: 1}"), files(f"x: {{{key}: {{z: [1]}}}}"))

    assert f"values.yaml {shown}: " in text.render(difference)
    assert f"values.yaml {shown}" in markdown.render(difference)
    assert f'"field": "values.yaml {shown}"' in json_output.render(difference)
    assert json.loads(json_output.render(difference))["roots"]
