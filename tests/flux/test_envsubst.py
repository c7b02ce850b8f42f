"""Substitution as Flux's own envsubst does it; the rows were compared with its Go code."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshwright.flux.envsubst import evaluate
from meshwright.flux.expression import BadSubstitution, Expression, parse

VALUES = {
    "name": "abcABC123ABCabc",
    "path": "/home/user/thoughts.for.today",
    "file": "bash.string.txt",
    "empty": "",
    "x": "foo/bar/baz",
    "umlaut": "é",
}


class UndefinedVariable(Exception):
    pass


def refuse(expression: Expression) -> str:
    raise UndefinedVariable(expression.name)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("${file}", "bash.string.txt"),
        ("a ${file} b ${empty} c", "a bash.string.txt b  c"),
        # escapes
        ("$${file}", "${file}"),
        ("$$$${file}", "$${file}"),
        ("$$${file}", "$bash.string.txt"),
        ("costs 5$ or $5 or $$5", "costs 5$ or $5 or $5"),
        ("$", "$"),
        ("$file", "$file"),
        (r"\\keep ${empty}", "\\\\keep "),
        # defaults
        ("${none:-d}", "d"),
        ("${none:=d}", "d"),
        ("${none=d}", "d"),
        ("${none:+d}", "d"),
        ("${none:?d}", "d"),
        ("${empty:-d}", "d"),
        ("${empty=d}", "d"),
        ("${file:-d}", "bash.string.txt"),
        ("${none:-}", ""),
        ("${none:-a b: c}", "a b: c"),
        ("${none:-$$}", "$$"),
        ("${none:-${file}}", "bash.string.txt"),
        ("${none:-pre${file}-post}", "prebash.string.txt-post"),
        # length and case
        ("${#file}", "15"),
        ("${#umlaut}", "2"),
        ("${file^}", "Bash.string.txt"),
        ("${file^^}", "BASH.STRING.TXT"),
        ("${name,}", "abcABC123ABCabc"),
        ("${name,,}", "abcabc123abcabc"),
        # offsets
        ("${file:5}", "string.txt"),
        ("${file:5:6}", "string"),
        ("${file:5:-4}", "string"),
        ("${file:99}", ""),
        ("${file:99:2}", ""),
        ("${file:5:-99}", ""),
        ("${file: -3}", "bash.string.txt"),
        ("${file:x}", "bash.string.txt"),
        # trimming
        ("${file#*.}", "string.txt"),
        ("${file##*.}", "txt"),
        ("${file%.*}", "bash.string"),
        ("${file%%.*}", "bash"),
        ("${path##*/}", "thoughts.for.today"),
        ("${file#[a-c]ash}", ".string.txt"),
        ("${file#nothing}", "bash.string.txt"),
        # replacing
        ("${name/abc/xyz}", "xyzABC123ABCabc"),
        ("${name//abc/xyz}", "xyzABC123ABCxyz"),
        ("${name/#abc/xyz}", "xyzABC123ABCabc"),
        ("${name/%abc/xyz}", "abcABC123ABCxyz"),
        ("${name/abc/}", "ABC123ABCabc"),
        (r"${x/\//-}", "foo-bar/baz"),
        (r"${x//\//-}", "foo-bar-baz"),
    ],
)
def test_result(text: str, expected: str) -> None:
    assert evaluate(text, VALUES, refuse) == expected


@pytest.mark.parametrize(
    "text",
    [
        "${",
        "${}",
        "${ file}",
        "${file",
        "${file-d}",
        "${file:-d",
        "${file:}",
        "${file#}",
        "${file/a}",
        "${file!}",
        "${#}",
        "${file.name}",
        "a } ${ b",
    ],
)
def test_what_flux_cannot_read(text: str) -> None:
    with pytest.raises(BadSubstitution):
        evaluate(text, VALUES, refuse)


@pytest.mark.parametrize(
    "text",
    ["${none}", "${#none}", "${none^}", "${none,,}", "${none:1}", "${none#a}", "${none%%a}", "${none/a/b}"],
)
def test_undefined_without_default(text: str) -> None:
    with pytest.raises(UndefinedVariable):
        evaluate(text, VALUES, refuse)


def test_default_is_evaluated_even_when_it_is_not_needed() -> None:
    with pytest.raises(UndefinedVariable):
        evaluate("${file:-${none}}", VALUES, refuse)


def test_what_is_missing_can_stay_as_it_is_written() -> None:
    assert evaluate("a ${none:1:2} ${file}", VALUES, lambda e: e.source) == "a ${none:1:2} bash.string.txt"


def test_bad_expression_is_quoted() -> None:
    with pytest.raises(BadSubstitution) as raised:
        parse("before ${file-default} behind")
    assert raised.value.expression.startswith("${file-default}")


@given(st.text().filter(lambda text: "$" not in text))
def test_text_without_dollar_is_unchanged(text: str) -> None:
    assert evaluate(text, VALUES, refuse) == text


@given(st.text())
def test_escaped_text_comes_back(text: str) -> None:
    assert evaluate(text.replace("$", "$$"), VALUES, refuse) == text


@given(st.text(alphabet="${}:-=#%/^,\\*?[]ab \n"))
def test_any_text_is_read_or_refused(text: str) -> None:
    expression = ""
    try:
        evaluate(text, {"a": "1", "b": "2"}, lambda expression: expression.source)
    except BadSubstitution as bad:
        expression = bad.expression
    assert expression in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${umlaut:0:1}${umlaut:1:1}", "é"),
        ("${file:99999999999999999999}", "bash.string.txt"),
        (f"${{file:{'9' * 10_000}}}", "bash.string.txt"),
        (f"${{file:{'0' * 10_000}5}}", "string.txt"),
        ("${sigma,,}", "\u03c3\u03c3"),
    ],
)
def test_numbers_and_letters_are_those_of_go(text: str, expected: str) -> None:
    assert evaluate(text, {**VALUES, "sigma": "ΣΣ"}, refuse) == expected


def test_half_a_character_stays_half() -> None:
    assert evaluate("${umlaut:0:1}", VALUES, refuse) == "\udcc3"


@pytest.mark.parametrize(
    "text", ["${file:é}", "${a:-" * 5000 + "}" * 5000, "${big//a/${big}}", "${big}" * 40]
)
def test_what_no_one_reads_or_holds(text: str) -> None:
    with pytest.raises(BadSubstitution) as raised:
        evaluate(text, {**VALUES, "big": "a" * 2**20}, refuse)
    assert raised.value.expression in text
