"""Writes what the rules say of their cases into tests/rules/cases: only the `expect` parts change."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

import yaml

from support.rulecases import CASES, found_in, load_cases

_ROOT = Path(__file__).resolve().parents[1]


def accept(ids: Collection[str] = ()) -> Iterator[str]:
    """Run the cases of the rules (of all without ``ids``), and write the lines. Yields each changed file."""
    found: dict[str, dict[str, list[list[str]]]] = {}
    for case in load_cases():
        if not ids or case.rule in ids:
            found.setdefault(case.family, {}).setdefault(case.rule, []).append(found_in(case))
    for family, by_rule in found.items():
        file = CASES / f"{family}.yaml"
        text = file.read_text(encoding="utf-8")
        written = with_expected(text, by_rule)
        if written != text:
            file.write_text(written, encoding="utf-8")
            yield str(file.relative_to(_ROOT))


def with_expected(text: str, found: Mapping[str, Sequence[Sequence[str]]]) -> str:
    """The text of a file of cases that expect ``found``: by rule, the lines of each of its cases."""
    documents = list(yaml.compose_all(text, Loader=yaml.SafeLoader))
    pairs = [pair for document in documents for pair in document.value if pair[0].value in found]
    cases = [case for _, listed in pairs for case in listed.value]
    lines_of = [lines for rule, _ in pairs for lines in found[rule.value]]
    # From the end, so that the places before stay.
    for case, lines in reversed(list(zip(cases, lines_of, strict=True))):
        key, value = next(pair for pair in case.value if pair[0].value == "expect")
        if [item.value for item in value.value] == list(lines):
            continue
        end = value.value[-1].end_mark.index if value.value else value.end_mark.index
        text = f"{text[: key.end_mark.index]}:{_block(lines, key.start_mark.column)}{text[end:]}"
    return text


def _block(lines: Sequence[str], indent: int) -> str:
    if not lines:
        return " []"
    return "".join(f"\n{' ' * indent}  - {json.dumps(line, ensure_ascii=False)}" for line in lines)
