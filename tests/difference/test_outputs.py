"""What people and machines get, whatever stands in the objects."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from meshwright.difference import json_output, markdown, text
from meshwright.difference.model import (
    ChangeKind,
    Difference,
    Effect,
    Field,
    Key,
    NotCompared,
    ObjectDifference,
    RootDifference,
)

HOSTILE = st.sampled_from(
    [
        "a|b",
        "`x`",
        "```",
        "</details>",
        "@team #1",
        "<b>",
        "\x1b[2J",
        "two\nlines",
        "\u202e",
        "x" * 500,
        " ",
        "",
    ]
)
WORDS = HOSTILE | st.text(max_size=4)
VALUES = st.none() | st.booleans() | st.floats() | WORDS | st.lists(WORDS, max_size=3)
STEPS = WORDS | st.integers(0, 9) | WORDS.map(lambda word: Key((("name", word),)))
FIELDS = st.builds(
    Field,
    st.lists(STEPS, min_size=1, max_size=4).map(tuple),
    st.sampled_from([ChangeKind.ADDED, ChangeKind.REMOVED, ChangeKind.CHANGED]),
    VALUES,
    VALUES,
    hidden=st.booleans(),
    layout=st.booleans(),
)
OBJECTS = st.builds(
    ObjectDifference,
    st.sampled_from([ChangeKind.ADDED, ChangeKind.REMOVED, ChangeKind.CHANGED, ChangeKind.MOVED]),
    WORDS,
    WORDS,
    WORDS,
    WORDS,
    st.lists(FIELDS, max_size=2).map(tuple),
    st.none() | st.sampled_from(Effect),
    source=WORDS,
    note=WORDS,
)
ROOTS = st.builds(
    RootDifference,
    st.sampled_from([ChangeKind.ADDED, ChangeKind.REMOVED, ChangeKind.CHANGED]),
    st.sampled_from(["flux", "argocd", "folder", "file"]),
    WORDS,
    WORDS,
    WORDS,
    st.lists(OBJECTS, min_size=1, max_size=3).map(tuple),
)
NOT_COMPARED = st.builds(NotCompared, WORDS, st.sampled_from(["old", "new", "both"]), WORDS)
DIFFERENCES = st.builds(
    Difference, st.lists(ROOTS, max_size=3).map(tuple), st.lists(NOT_COMPARED, max_size=3).map(tuple)
)
few = settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow])
MORE = re.compile(r"\*\*(\d+) more objects?\*\* not shown")


def listed(comment: str) -> int:
    """Objects that a comment has rows for."""
    counts = re.findall(r"^\| `+ ?([-+~>]) (?:(\d+) objects)?", comment, re.MULTILINE)
    return sum(int(count or 1) for _, count in counts)


@few
@given(DIFFERENCES, st.integers(1500, 8000))
def test_a_comment_is_never_too_long_and_counts_what_it_leaves_out(
    difference: Difference, limit: int
) -> None:
    comment = markdown.render(difference, limit=limit)

    assert len(comment.encode()) <= limit
    more = MORE.search(comment)
    left_out = int(more[1]) if more else 0
    assert comment.count("<details>") == comment.count("</details>\n")
    assert left_out <= sum(len(root.objects) for root in difference.roots)


def test_the_rest_is_counted_truthfully() -> None:
    item = ObjectDifference(
        ChangeKind.CHANGED, "v1", "ConfigMap", "a", "b", (Field(("x",), ChangeKind.ADDED, new=1),)
    )
    roots = [RootDifference(ChangeKind.CHANGED, "flux", f"r{n}", "", "", (item,) * 7) for n in range(400)]

    comment = markdown.render(Difference(tuple(roots)))

    more = MORE.search(comment)
    assert more is not None
    assert listed(comment) + int(more[1]) == 2800
    assert 50_000 < len(comment) < 60_000


@few
@given(DIFFERENCES)
def test_nothing_in_an_object_is_obeyed(difference: Difference) -> None:
    comment, shown = markdown.render(difference), text.render(difference)

    assert "\x1b" not in comment + shown
    assert "\u202e" not in comment + shown
    # Outside code spans nothing of an object is left, and each row has its four cells.
    for line in comment.splitlines():
        if line.startswith("| "):
            bare = re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", line)
            assert "@" not in bare
            assert "<" not in bare
            assert len(re.findall(r"(?<!\\)\|", line)) == 5


@few
@given(DIFFERENCES)
def test_json_is_json_and_fits_the_schema(difference: Difference) -> None:
    root = Path(__file__).resolve().parents[2]
    schema = json.loads((root / "schema/diff-report.schema.json").read_text(encoding="utf-8"))
    data = json.loads(json_output.render(difference), parse_constant=pytest.fail)

    assert list(Draft202012Validator(schema).iter_errors(data)) == []


def test_colour_changes_no_word() -> None:
    fields = (Field(("a",), ChangeKind.CHANGED, 1, 2), Field(("b",), ChangeKind.ADDED, new="x"))
    item = ObjectDifference(ChangeKind.CHANGED, "v1", "ConfigMap", "", "x", fields, Effect.RESTARTS)
    difference = Difference((RootDifference(ChangeKind.CHANGED, "flux", "a/b", "p", "c", (item,)),))

    coloured = text.render(difference, colour=True)

    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[\d+m", "", coloured) == text.render(difference)


def test_long_texts_are_cut_to_where_they_differ() -> None:
    field = Field(("a",), ChangeKind.CHANGED, "x" * 300 + "old", "x" * 300 + "new")
    item = ObjectDifference(ChangeKind.CHANGED, "v1", "ConfigMap", "", "x", (field,))

    lines = text.render(
        Difference((RootDifference(ChangeKind.CHANGED, "flux", "a", "p", "c", (item,)),))
    ).splitlines()

    assert lines[2] == "      a: …xxxxxxxxxxxxold -> …xxxxxxxxxxxxnew"


def test_objects_that_only_moved_are_counted() -> None:
    moved = [
        ObjectDifference(ChangeKind.MOVED, "v1", "Service", "a", f"s{n}", source="Kustomization f/x")
        for n in range(5)
    ]
    root = RootDifference(ChangeKind.ADDED, "flux", "a/b", "p", "c", tuple(moved))

    assert "  > 5 objects moved here unchanged from Kustomization f/x: 5 Service" in text.render(
        Difference((root,))
    )
    assert listed(markdown.render(Difference((root,)))) == 5
