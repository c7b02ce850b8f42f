"""Single values of a YAML file change, and every other line of it stays as it is."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshwright.yaml import YamlFault, dump
from meshwright.yaml.edit import YamlText

BUNDLE = """\
# Öffentlich: a comment with wide letters
kind: Bundle
spec:
  sources: # inline
    - secret:
        name: "first" # who
        key: tls.crt
    # about the second
    - secret:
        selector: {matchLabels: {a: b}}
  empty:
  last: 'it''s'
---
kind: Other
list:
- one
- two
text: |
  block

tail: x
"""


def text(source: str = BUNDLE) -> YamlText:
    return YamlText("a.yaml", source)


def changed(before: YamlText, after: YamlText) -> list[str]:
    """Lines that came or went, as ``+`` and ``-``."""
    old, new = before.text.splitlines(), after.text.splitlines()
    return [f"-{line}" for line in old if line not in new] + [f"+{line}" for line in new if line not in old]


@pytest.mark.parametrize(
    ("pointer", "number", "value", "expected"),
    [
        (("spec", "sources", 0, "secret", "name"), 0, "second", '+        name: "second" # who'),
        (("spec", "sources", 0, "secret", "name"), 0, 'a"b', '+        name: "a\\"b" # who'),
        (("spec", "last"), 0, "that's", "+  last: 'that''s'"),
        (("kind",), 0, "yes", '+kind: "yes"'),
        (("list", 1), 1, "three", "+- three"),
        (("tail",), 1, "1e3", '+tail: "1e3"'),
    ],
)
def test_a_word_is_replaced_in_its_own_quotes(pointer: Any, number: int, value: str, expected: str) -> None:
    assert expected in changed(text(), text().set(number, pointer, value))


def test_an_item_comes_behind_another_and_before_its_comment() -> None:
    after = text().insert(0, ("spec", "sources"), 1, {"secret": {"name": "n2", "key": "tls.crt"}})

    assert (
        "        key: tls.crt\n    - secret:\n        name: n2\n        key: tls.crt\n    # about"
        in after.text
    )


def test_an_item_at_the_end_of_a_list_stands_at_its_end() -> None:
    assert "- two\n- three\ntext:" in text().insert(1, ("list",), 2, "three").text


@pytest.mark.parametrize(
    ("number", "pointer", "expected"),
    [
        (0, ("spec",), "  last: 'it''s'\n  k: v\n---"),
        (0, ("spec", "empty"), "  empty:\n    k: v\n  last"),
        (0, ("spec", "sources", 1, "secret", "selector"), '{matchLabels: {a: b}, "k": "v"}'),
        (1, (), "tail: x\nk: v\n"),
    ],
)
def test_a_key_comes_last_in_its_mapping(number: int, pointer: Any, expected: str) -> None:
    assert expected in text().add(number, pointer, "k", "v").text


def test_a_key_behind_a_block_of_text() -> None:
    assert text("a:\n  b: |\n    one\n\n    two\nc: 1\n").add(0, ("a",), "k", "v").text == (
        "a:\n  b: |\n    one\n\n    two\n  k: v\nc: 1\n"
    )


def test_a_file_without_a_last_line_break() -> None:
    assert text("a: 1").add(0, (), "b", "2").text == 'a: 1\nb: "2"\n'


def test_windows_line_breaks_stay() -> None:
    assert (
        text("a: 1\r\nb:\r\n  - x\r\n").insert(0, ("b",), 1, "z").text == "a: 1\r\nb:\r\n  - x\r\n  - z\r\n"
    )


def test_what_was_added_is_taken_out_without_a_trace() -> None:
    after = text().add(0, ("spec",), "k", {"deep": ["a", "b"]}).insert(1, ("list",), 1, "between")

    assert after.remove(0, ("spec", "k")).remove(1, ("list", 1)).text == BUNDLE


@pytest.mark.parametrize(
    ("number", "pointer", "problem"),
    [
        (
            0,
            ("spec", "sources", 1, "secret", "selector", "matchLabels"),
            "shares its line, so it cannot be removed",
        ),
        (0, ("spec", "nowhere"), "is not in this file"),
        (0, ("spec", "sources", 0, "secret"), "shares its line, so it cannot be removed"),
    ],
)
def test_what_cannot_be_taken_out_is_told_with_its_place(number: int, pointer: Any, problem: str) -> None:
    with pytest.raises(YamlFault, match=problem) as caught:
        text().remove(number, pointer)

    assert str(caught.value).startswith("a.yaml:")


def test_a_value_that_another_place_shares_is_left_alone() -> None:
    shared = text("a: &x\n  name: one\nb: *x\n")

    with pytest.raises(YamlFault, match="without changing other values"):
        shared.set(0, ("b", "name"), "two")


def test_a_block_of_text_is_no_word() -> None:
    with pytest.raises(YamlFault, match="is not a scalar on one line"):
        text().set(1, ("text",), "x")


def test_parts_of_a_file_are_taken_with_their_comments() -> None:
    two = text("# top\na: 1\n---\n# about b\nb: 2\n")

    assert [two.part(0), two.part(1)] == ["# top\na: 1\n", "# about b\nb: 2\n"]
    assert two.replace_part(1, "c: 3\n").text == "# top\na: 1\n---\nc: 3\n"


WORDS = st.text(alphabet="abcy01:-# '\"é.", min_size=1, max_size=8)
KEYS = st.text(alphabet="abcdxyz01", min_size=1, max_size=4)
TREES = st.recursive(
    WORDS,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3) | st.dictionaries(KEYS, inner, min_size=1, max_size=3)
    ),
)
DOCUMENTS = st.lists(st.dictionaries(KEYS, TREES, min_size=1, max_size=4), min_size=1, max_size=3)


def places(data: Any, pointer: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    found = [pointer]
    entries = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in entries:
        found += places(value, (*pointer, key))
    return found


@given(documents=DOCUMENTS, chooser=st.randoms(use_true_random=False), word=WORDS)
def test_any_edit_changes_what_it_says_and_nothing_else(documents: Any, chooser: Any, word: str) -> None:
    before = YamlText(
        "x", "---\n".join(f"# about {number}\n{dump(data)}" for number, data in enumerate(documents))
    )
    number = chooser.randrange(len(documents))
    pointer = chooser.choice(places(documents[number]))
    expected = copy.deepcopy(documents)
    target = expected[number]
    for step in pointer:
        target = target[step]
    if isinstance(target, dict):
        after = before.add(number, pointer, "new", word)
        target["new"] = word
    elif isinstance(target, list):
        index = chooser.randint(1, len(target))
        after = before.insert(number, pointer, index, word)
        target.insert(index, word)
    else:
        after = before.set(number, pointer, word)
        parent = expected[number]
        for step in pointer[:-1]:
            parent = parent[step]
        parent[pointer[-1]] = word

    assert [document.data for document in after.documents()] == expected
    assert [line for line in after.text.splitlines() if line.startswith("# about")] == [
        f"# about {place}" for place in range(len(documents))
    ]


@pytest.mark.parametrize("char", ["\U0001f680", "\x7f", "\x85", "\u2028"])
def test_every_character_is_written_for_any_reader(char: str) -> None:
    """As JSON writes it, a character beyond U+FFFF is two halves, which Go's YAML refuses."""
    value = f"a{char}b"

    edited = text().set(0, ("spec", "sources", 0, "secret", "name"), value)
    edited = edited.add(0, ("spec", "sources", 1, "secret", "selector", "matchLabels"), value, value)

    assert "\\ud83d" not in edited.text
    data = edited.documents()[0].data["spec"]["sources"]
    assert data[0]["secret"]["name"] == data[1]["secret"]["selector"]["matchLabels"][value] == value
