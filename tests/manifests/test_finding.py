"""A finding is one line that no name in a file can turn into something else."""

from __future__ import annotations

from meshwright.errors import Position
from meshwright.finding import Finding, NotSeen


def test_one_line_without_escapes() -> None:
    finding = Finding("build/yaml", Position("a.yaml"), "kind 'a\nb' \x1b[31mred", subject="é\u2028")

    assert finding.message == r"kind 'a\nb' \x1b[31mred"
    assert finding.subject == r"é\u2028"


def test_what_is_not_seen_too() -> None:
    assert NotSeen("a\tb", "it is\n", Position("a.yaml")).subject == r"a\tb"
