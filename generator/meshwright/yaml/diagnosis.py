"""Says what is wrong with a text that is not YAML, and how to fix it: libyaml names only its own state."""

from __future__ import annotations

import re
from collections.abc import Callable

import yaml

from meshwright.yaml import characterfaults, structurefaults
from meshwright.yaml.conflict import leftover_in
from meshwright.yaml.parsererror import ParserError, YamlDiagnosis

# What ends a line for libyaml, which counts them.
_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
# The first that explains an error is taken.
_EXPLANATIONS: tuple[Callable[[ParserError], YamlDiagnosis | None], ...] = (
    characterfaults.tab,
    characterfaults.foreign_space,
    characterfaults.escape,
    characterfaults.unclosed_quote,
    characterfaults.alias,
    characterfaults.tag,
    structurefaults.inline_item,
    characterfaults.block_header,
    characterfaults.placeholder,
    characterfaults.reserved,
    structurefaults.brackets,
    characterfaults.after_quote,
    structurefaults.two_colons,
    structurefaults.not_a_key,
    structurefaults.after_item,
    structurefaults.end_of_text,
    structurefaults.indentation,
)


def diagnose(text: str, error: yaml.MarkedYAMLError) -> YamlDiagnosis | None:
    """The explanation of an error that libyaml reports for ``text``; None if it has no position."""
    mark, start = error.problem_mark or error.context_mark, error.context_mark or error.problem_mark
    if mark is None or start is None:
        return None
    stopped = ParserError(
        _BREAK.split(text),
        mark.line + 1,
        mark.column + 1,
        str(error.problem or error.context or ""),
        str(error.context or ""),
        (start.line + 1, start.column + 1),
    )
    if (left := leftover_in(text)) and left.line <= stopped.line:
        return YamlDiagnosis(left.line, 1, left.problem, left.fix)
    for explain in _EXPLANATIONS:
        if found := explain(stopped):
            return found
    if stopped.text.startswith("--- "):
        return YamlDiagnosis(stopped.line, 5, "a key begins on the line of '---'", "put it on the next line")
    return YamlDiagnosis(
        stopped.line,
        stopped.column,
        f"not YAML from here on: {stopped.words}",
        "compare the indentation, quotes and colons of this line with the lines above",
    )
