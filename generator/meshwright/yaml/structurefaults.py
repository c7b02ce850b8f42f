"""Explanations for keys, list items, brackets and indentation that do not fit together."""

from __future__ import annotations

import re

from meshwright.yaml.levels import entries_of, misplaced, open_entries
from meshwright.yaml.parsererror import ParserError, YamlDiagnosis, has_content

_NO_SPACE = re.compile(r"\s*(?:- +)*(?P<key>[A-Za-z_][\w.-]*):(?P<value>[^\s:/].*)$")
_TWO_COLONS = re.compile(r"\s*(?:- +)*(?P<key>[^\s:'\"#][^:]*): +(?P<value>[^'\"\[{|>&].*?: .*?)\s*$")


def brackets(error: ParserError) -> YamlDiagnosis | None:
    """A bracket that is not closed, or closes nothing."""
    line, column = error.began
    opened = error.lines[line - 1][column - 1 : column] if line <= len(error.lines) else ""
    if "flow" in error.context and opened in ("[", "{") and "expected ','" in error.words:
        closing = "]" if opened == "[" else "}"
        if line != error.line and opened == "{" and '"' in error.text[: error.column]:
            number = error.previous
            end = len(error.lines[number - 1].rstrip()) + 1
            return YamlDiagnosis(number, end, "a comma is missing between this line and the next", "add ','")
        return YamlDiagnosis(
            line, column, f"the '{opened}' here is not closed on its line", f"add ',' or '{closing}'"
        )
    if "node content" in error.words and "flow" in error.context:
        begun = _last_open(error)
        return begun and YamlDiagnosis(*begun, "this bracket is never closed", "add the closing bracket")
    before = error.text[: error.column - 1].rstrip()
    if "expected key" in error.words and before and error.text[error.column - 1 : error.column] in ("]", "}"):
        shown = error.text[error.column - 1]
        return YamlDiagnosis(error.line, error.column, f"this '{shown}' closes nothing", "remove it")
    return None


def _last_open(error: ParserError) -> tuple[int, int] | None:
    for number in range(min(error.line, len(error.lines)), 0, -1):
        line = error.lines[number - 1]
        place = max(line.rfind("["), line.rfind("{"))
        if place >= 0 and line.count("[") + line.count("{") > line.count("]") + line.count("}"):
            return number, place + 1
    return None


def inline_item(error: ParserError) -> YamlDiagnosis | None:
    """A list that begins on the line of its key."""
    if "block sequence entries" not in error.words:
        return None
    return YamlDiagnosis(
        error.line,
        error.column,
        "a list begins on the line of its key",
        "put '- ' on the next line, indented by two spaces",
    )


def two_colons(error: ParserError) -> YamlDiagnosis | None:
    """A value that contains a colon and a blank."""
    found = _TWO_COLONS.match(error.text)
    if "mapping values" not in error.words or not found:
        return None
    return YamlDiagnosis(
        error.line,
        found.start("value") + 1,
        f"the value of '{found['key']}' contains ': ' and has no quotes",
        "put the value into quotes",
    )


def not_a_key(error: ParserError) -> YamlDiagnosis | None:
    """A line that is neither a key nor an item; libyaml notices it only at the next line."""
    if "mapping values" not in error.words and "could not find expected ':'" not in error.words:
        return None
    number = error.began[0] if "could not find" in error.words else error.previous
    for candidate in dict.fromkeys((number, error.line)):
        if not 0 < candidate <= len(error.lines):
            continue
        line = error.lines[candidate - 1]
        if not has_content(line) or entries_of(line, candidate):
            continue
        column = len(line) - len(line.lstrip()) + 1
        if found := _NO_SPACE.match(line):
            key = found["key"]
            return YamlDiagnosis(candidate, column, f"no space follows the colon of '{key}:'", "add a space")
        above = open_entries(error.lines, candidate)
        if above and above[-1].is_item and above[-1].column == column - 1:
            problem = f"this line is not a list item like line {above[-1].line}"
            return YamlDiagnosis(candidate, column, problem, "begin it with '- '")
        problem = "this line is neither a key with a value nor a list item"
        return YamlDiagnosis(candidate, column, problem, "write it as 'key: value'")
    return None


def after_item(error: ParserError) -> YamlDiagnosis | None:
    """A key that ends a list which goes on below it."""
    if "expected key" not in error.words or not error.text.lstrip().startswith("- "):
        return None
    here = entries_of(error.text, error.line)
    above = open_entries(error.lines, error.line)
    if not here or not above or above[-1].is_item or above[-1].column != here[0].column:
        return None
    key = above[-1]
    if key.value:
        return YamlDiagnosis(
            error.line,
            error.column,
            f"a list item follows {key.title}, which already has a value",
            f"move the item to its list, or remove the value of '{key.key}'",
        )
    return None


def end_of_text(error: ParserError) -> YamlDiagnosis | None:
    """A line of a text of several lines that is indented less than the text begins."""
    above = open_entries(error.lines, error.line)
    if "expected key" not in error.words or not above or above[-1].value[:1] not in ("|", ">"):
        return None
    column = len(error.text) - len(error.text.lstrip()) + 1
    if column - 1 <= above[-1].column or entries_of(error.text, error.line):
        return None
    problem = f"this line is indented less than the text of {above[-1].title} that it follows"
    return YamlDiagnosis(error.line, column, problem, "indent it like the first line of that text")


def indentation(error: ParserError) -> YamlDiagnosis | None:
    """A line at a column where nothing is open."""
    if error.line > len(error.lines):
        return None
    if found := misplaced(error.lines, error.line):
        column = len(error.text) - len(error.text.lstrip()) + 1
        return YamlDiagnosis(error.line, column, *found)
    return None
