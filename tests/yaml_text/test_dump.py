"""What is written reads back as it was, and has the style of the scaffold."""

from __future__ import annotations

import random
from typing import Any

import pytest
import yaml

from meshwright.yaml import dump, parse

WORDS = [
    "",
    "a",
    "true",
    "1e3",
    "no",
    "a: b",
    "- a",
    "#",
    "two\nlines",
    "two\nlines\n",
    " led",
    "\nled",
    "ends:",
    "| a",
    "ö",
]


def value(chooser: random.Random, depth: int) -> Any:
    """Some scalar, list or mapping; empty ones, and lists in lists, among them."""
    kind = chooser.choice(["scalar", "list", "mapping"]) if depth else "scalar"
    if kind == "list":
        return [value(chooser, depth - 1) for _ in range(chooser.randrange(4))]
    if kind == "mapping":
        # A key of several lines is written "? |", and its value has no column of its own.
        keys = [word for word in WORDS if "\n" not in word]
        return {f"{chooser.choice(keys)}{n}": value(chooser, depth - 1) for n in range(chooser.randrange(4))}
    return chooser.choice([*WORDS, None, True, 0, 1.5])


def lists_below_keys(node: yaml.Node) -> list[tuple[int, int]]:
    """(column of the key, column of the list) of each block list that is a mapping's value."""
    found = []
    if isinstance(node, yaml.MappingNode):
        for key, inner in node.value:
            if isinstance(inner, yaml.SequenceNode) and not inner.flow_style:
                found.append((key.start_mark.column, inner.start_mark.column))
            found += lists_below_keys(inner)
    elif isinstance(node, yaml.SequenceNode):
        for inner in node.value:
            found += lists_below_keys(inner)
    return found


@pytest.mark.parametrize("seed", range(300))
def test_it_reads_back_and_lists_are_indented(seed: int) -> None:
    data = value(random.Random(seed), 4)

    text = dump(data)

    node = yaml.compose(text)
    assert node is not None
    assert parse(text) == data
    assert all(column == key + 2 for key, column in lists_below_keys(node))


@pytest.mark.parametrize(
    "word",
    [
        *(*WORDS, "a\n\n", "\x85", "a\x85b", "\u2028", "\ufeff", "😀", "...", "---", "x" * 200),
        *("Loading...", "0...", ":...", "a\n...", "a\n...\n", "a\n\n...\n\n"),
    ],
)
def test_any_text_reads_back_wherever_it_stands(word: str) -> None:
    data = {
        "a": word,
        "list": [word, {"b": word}, {"c": [word]}, [word, {word: [word]}]],
        word: [word],
        "z": 1,
    }

    assert parse(dump(data)) == data
    for last in (word, [word], {"a": word}, {word: word}, {"a": {"b": [word]}}):
        assert parse(dump(last)) == last


def test_a_list_below_a_key_is_indented_by_two() -> None:
    data = {"resources": ["a.yaml"], "patches": [{"target": {"kind": "Job"}, "patch": dump({"rules": [1]})}]}

    assert dump(data) == (
        "resources:\n  - a.yaml\n"
        "patches:\n  - target:\n      kind: Job\n    patch: |\n      rules:\n        - 1\n"
    )
