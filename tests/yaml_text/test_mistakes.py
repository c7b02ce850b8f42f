"""Each everyday mistake in YAML is told in one line with its place and its fix: mistakes.yaml."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from meshwright.yaml import YamlFault, conflict_in, load_documents

CASES: list[dict[str, Any]] = yaml.safe_load(
    Path(__file__).with_name("mistakes.yaml").read_text(encoding="utf-8")
)
# libyaml's own words, which say what it was doing and not what is wrong.
_LIBYAML = ("did not find expected", "could not find expected", "not allowed in this context", "while ")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["mistake"])
def test_mistake(case: dict[str, Any]) -> None:
    with pytest.raises(YamlFault) as raised:
        load_documents(case["text"], "f")

    told = str(raised.value).removeprefix("f:")
    assert told == case["told"]
    assert "\n" not in told
    assert not any(words in told for words in _LIBYAML)
    assert raised.value.fix or "first on line" in told


@given(
    st.lists(
        st.sampled_from(
            [*"a:-'\"[]{}|>#&*!%@`?, \t\n", "\r", "\r\n", "\x85", "\u2028", "\u2029", "a: ", "- "]
        ),
        max_size=30,
    )
)
def test_any_text_is_read_or_has_a_fault_in_one_of_its_lines(parts: list[str]) -> None:
    """Also with the ends of lines that only YAML knows: a lone CR, NEL, LS and PS."""
    text = "".join(parts)
    try:
        load_documents(text, "f")
    except YamlFault as fault:
        line = fault.position.line
        assert line is None or 1 <= line <= len(re.split("\r\n|[\r\n\x85\u2028\u2029]", text))


@pytest.mark.parametrize("value", ["pass@word: x", "- s3cret: y: z", "'s3cret' t0ken", "@s3cret", "*s3cret"])
def test_no_value_is_repeated(value: str) -> None:
    """A report goes to logs that others read, and any value may be a password."""
    with pytest.raises(YamlFault) as raised:
        load_documents(f"password: {value}\nuser: x\n", "f")

    assert not any(secret in str(raised.value) for secret in ("s3cret", "t0ken", "pass@word"))


@pytest.mark.parametrize(
    "text",
    ["a: |\n  <<<<<<< HEAD\n  b\n  =======\n  c\n  >>>>>>> d\n", "a: '<<<<<<< HEAD'\n", "# =======\na: b\n"],
)
def test_markers_within_a_text_are_no_conflict(text: str) -> None:
    assert conflict_in(text) is None
    assert load_documents(text, "f")
