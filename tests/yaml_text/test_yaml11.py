"""YAML as Copier reads it."""

from __future__ import annotations

import pytest

from meshwright.errors import MeshwrightError
from meshwright.update.answers import read_answers
from meshwright.yaml.yaml11 import load_yaml11

SOURCE = "_commit: v1\n_src_path: https://example.org/template.git\n"


def test_yes_and_an_octal_number_are_values_of_yaml_1_1() -> None:
    assert load_yaml11("a: yes\nb: 010\n", "f") == {"a": True, "b": 8}


@pytest.mark.parametrize("value", ["2026-02-31", "!!int nope", "[" * 3000, "2026-01-01T99:00:00Z"])
def test_what_is_no_value_is_one_line(value: str) -> None:
    with pytest.raises(MeshwrightError, match=r"^f: this is not YAML: "):
        load_yaml11(f"a: {value}\n", "f")


def test_an_answer_that_is_no_date() -> None:
    with pytest.raises(MeshwrightError, match=r"this is not YAML: day is out of range"):
        read_answers(".copier-answers.yml", f"{SOURCE}day: 2026-02-31\n")
