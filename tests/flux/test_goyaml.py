"""The text form that Flux substitutes in, and how it reads the text again."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshwright.flux import goyaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", True),
        ("on", True),
        ("y", True),
        ("off", False),
        ("N", False),
        ("'on'", "on"),
        ("0777", 511),
        ("08", 8),
        ("1_000", 1000),
        ("0x1F", 31),
        ("0b11", 3),
        ("1e3", 1000),
        ("1.5", 1.5),
        ("~", None),
        ("", None),
        ("2024-01-01", "2024-01-01"),
        ("12:30:45", "12:30:45"),
        ("1.2.3", "1.2.3"),
        ("1e400", "1e400"),
        ("<<", "<<"),
        ("=", "="),
        ("! 1", "1"),
        ("&x ! on", "on"),
        ("!foo 1", "1"),
        ("!foo", ""),
        ("!!binary YQ==", "a"),
        ("!!float 1", 1),
        ("!!timestamp 2024-01-01", "2024-01-01"),
        ("18446744073709551616", 18446744073709552000),
        ("0x", "0x"),
        ("-0b11", -3),
        ("1_0.5_0", 10.5),
        ("_1", "_1"),
        ("2024-02-30", "2024-02-30"),
    ],
)
def test_plain_scalars(text: str, value: Any) -> None:
    read = goyaml.read(f"a: {text}\n")["a"]
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize("value", ["Loading...", "0...", "a\n...", "a\n\n", "..."])
def test_a_value_keeps_the_dots_at_its_end(value: str) -> None:
    assert goyaml.read(goyaml.write({"a": value})) == {"a": value}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{1: a}", {"1": "a"}),
        ("{1.50: a, on: b, 0x10: c}", {"1.5": "a", "true": "b", "16": "c"}),
        ("{1e6: a, 123456789.5: b}", {"1e+06": "a", "1.2345679e+08": "b"}),
        ("{a: 1, a: 2}", {"a": 2}),
        # What is merged takes the place of what stands before it.
        (
            "{x: &x {a: 1}, w: {a: 2, <<: *x}, z: {<<: *x, a: 3}}",
            {"x": {"a": 1}, "w": {"a": 1}, "z": {"a": 3}},
        ),
        ("{x: &x {a: 1}, w: {<<: [{a: 2}, *x]}}", {"x": {"a": 1}, "w": {"a": 2}}),
        ("{x: &x 1, w: &x 2, z: *x}", {"x": 1, "w": 2, "z": 2}),
        ("!!set {a}", {"a": None}),
        ("!foo [a]", ["a"]),
        ("a: 1\n---\n@", {"a": 1}),
    ],
)
def test_keys_merges_and_tags(text: str, value: Any) -> None:
    assert goyaml.read(text) == value


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{~: 1}", "the key null"),
        ("{18446744073709551615: 1}", "the key 18446744073709551615"),
        ("{[a]: 1}", "invalid map key"),
        ("{<<: 1}", "map merge requires map"),
        ("{<<: [1]}", "map merge requires map"),
        ("!!int x", "cannot decode !!str `x` as a !!int"),
        ("!!bool 1", "cannot decode !!int `1` as a !!bool"),
        ("!!null x", "cannot decode"),
        ("!!binary x", "invalid base64"),
        ("*x", "unknown anchor 'x'"),
        ("&x [*x]", "contains itself"),
        ("a: \udcc3", "a partial character"),
        ("[" * 3000, "nested deeper"),
        ("a: b: c", "mapping values are not allowed"),
    ],
)
def test_what_go_refuses(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem) as raised:
        goyaml.read(text)
    assert "\n" not in str(raised.value)


def test_aliases_of_aliases_end_soon() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    started = time.process_time()

    with pytest.raises(ValueError, match="excessive aliasing"):
        goyaml.read("\n".join(lines))

    assert time.process_time() - started < 10


def test_no_number_that_json_lacks() -> None:
    with pytest.raises(ValueError, match="cannot represent the number"):
        goyaml.read("a: .inf\n")


def test_quotes_are_only_where_they_are_needed() -> None:
    assert goyaml.write({"a": "${X}", "b": "on", "c": "${X}: y", "d": "one\ntwo\n"}) == (
        "a: ${X}\nb: \"on\"\nc: '${X}: y'\nd: |\n  one\n  two\n"
    )


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"a": "word " * 20}, f"a: '{'word ' * 15}word\n  {'word ' * 4}'\n"),
        ({"b": 1, "a10": 2, "a9": 3, "1": 4}, '"1": 4\na9: 3\na10: 2\nb: 1\n'),
        (
            {"a": 1e6, "b": 1e21, "c": 0.00001, "d": 1234567.5},
            "a: 1000000\nb: 1e+21\nc: 1e-05\nd: 1.2345675e+06\n",
        ),
        ({"a": "=", "b": "1:20", "c": "2024-01-01"}, 'a: =\nb: "1:20"\nc: "2024-01-01"\n'),
        ({"a": "x\n\n"}, "a: |+\n  x\n\n"),
        ({"a": "\x85"}, "a: ' '\n"),
    ],
)
def test_how_it_is_written(data: Any, text: str) -> None:
    assert goyaml.write(data) == text


@pytest.mark.parametrize("data", [{"a": "\x7f"}, {None: 1}, {1: 1}, {"k" * 2000: 1}])
def test_what_cannot_be_written(data: Any) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        goyaml.write(data)


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(st.characters(codec="utf-8", exclude_categories=["C"])),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc-./ ", min_size=1), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.dictionaries(st.text("abcdefyno", min_size=1), values, min_size=1, max_size=4))
def test_what_is_written_is_read_back(data: dict[str, Any]) -> None:
    assert goyaml.read(goyaml.write(data)) == data
