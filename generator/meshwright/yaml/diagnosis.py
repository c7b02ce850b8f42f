"""Says what is wrong with a text that is not YAML, and how to fix it: libyaml names only its own state."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import yaml

from meshwright.yaml.conflict import leftover_in
from meshwright.yaml.levels import entries_of, misplaced, open_entries

_NO_SPACE = re.compile(r"\s*(?:- +)*(?P<key>[A-Za-z_][\w.-]*):(?P<value>[^\s:/].*)$")
_TWO_COLONS = re.compile(r"\s*(?:- +)*(?P<key>[^\s:'\"#][^:]*): +(?P<value>[^'\"\[{|>&].*?: .*?)\s*$")
_PLACEHOLDER = re.compile(r"(?P<before>.*?)(?P<value>\{\{.*?\}\}|\{%.*?%\})")
_TAB = re.compile(r"[ -]*\t")
# Spaces of other kinds, which editors and web pages put in: they look like indentation.
_FOREIGN_SPACE = re.compile("^ *[\u00a0\u2000-\u200b\u202f\u3000\ufeff]")
_AFTER_COLON = re.compile("(?<=\\w):[\u00a0\u2000-\u200b\u202f\u3000\ufeff]")
_STARTS = {
    "@": "'@' is reserved in YAML",
    "`": "'`' is reserved in YAML",
    "%": "'%' begins a directive in YAML",
    "*": "'*' begins an alias in YAML",
    "&": "'&' begins an anchor in YAML",
    "]": "']' closes no list",
    "}": "'}' closes no mapping",
    ",": "',' separates items only within [] and {}",
}
# What ends a line for libyaml, which counts them.
_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")


@dataclass(frozen=True)
class YamlDiagnosis:
    """``line`` and ``column`` count from 1."""

    line: int
    column: int
    problem: str
    fix: str


@dataclass(frozen=True)
class _Fault:
    """libyaml's report: where it stopped and where the construct began that it was reading, from 1."""

    lines: list[str]
    line: int
    column: int
    words: str
    context: str
    began: tuple[int, int]

    @property
    def text(self) -> str:
        return self.lines[self.line - 1] if self.line <= len(self.lines) else ""

    @property
    def previous(self) -> int:
        """The last line before this one that has content; 0 if there is none."""
        before = (number for number in range(self.line - 1, 0, -1) if _content(self.lines[number - 1]))
        return next(before, 0)


def diagnose(text: str, error: yaml.MarkedYAMLError) -> YamlDiagnosis | None:
    """The explanation of an error that libyaml reports for ``text``; None if it has no position."""
    mark, start = error.problem_mark or error.context_mark, error.context_mark or error.problem_mark
    if mark is None or start is None:
        return None
    fault = _Fault(
        _BREAK.split(text),
        mark.line + 1,
        mark.column + 1,
        str(error.problem or error.context or ""),
        str(error.context or ""),
        (start.line + 1, start.column + 1),
    )
    if (left := leftover_in(text)) and left.line <= fault.line:
        return YamlDiagnosis(left.line, 1, left.problem, left.fix)
    for explain in _EXPLANATIONS:
        if found := explain(fault):
            return found
    if fault.text.startswith("--- "):
        return YamlDiagnosis(fault.line, 5, "a key begins on the line of '---'", "put it on the next line")
    return YamlDiagnosis(
        fault.line,
        fault.column,
        f"not YAML from here on: {fault.words}",
        "compare the indentation, quotes and colons of this line with the lines above",
    )


def _tab(fault: _Fault) -> YamlDiagnosis | None:
    if _TAB.match(fault.text):
        column = fault.text.index("\t") + 1
        return YamlDiagnosis(
            fault.line,
            column,
            "a tab indents this line",
            "indent with spaces: YAML does not allow tabs there",
        )
    return None


def _foreign_space(fault: _Fault) -> YamlDiagnosis | None:
    for number in dict.fromkeys((fault.line, fault.previous, fault.began[0])):
        if not 0 < number <= len(fault.lines):
            continue
        for pattern, does in ((_FOREIGN_SPACE, "indents this line"), (_AFTER_COLON, "follows the colon")):
            if found := pattern.search(fault.lines[number - 1]):
                code = f"U+{ord(found[0][-1]):04X}"
                problem = f"a special space ({code}) {does}, as copied from a web page"
                return YamlDiagnosis(number, found.end(), problem, "replace it with plain spaces")
    return None


def _placeholder(fault: _Fault) -> YamlDiagnosis | None:
    found = _PLACEHOLDER.match(fault.text)
    if not found or "'" in found["before"] or '"' in found["before"]:
        return None
    problem = f"'{found['value'][:40]}' is a template's placeholder, which only its tool replaces"
    return YamlDiagnosis(
        fault.line, found.end("before") + 1, problem, "put the value here, or quote it if it is meant as text"
    )


def _unclosed_quote(fault: _Fault) -> YamlDiagnosis | None:
    line, column = fault.began
    if "quoted scalar" in fault.context and "end of stream" in fault.words:
        quote = fault.lines[line - 1][column - 1 : column]
        return YamlDiagnosis(line, column, f"the {quote} here is never closed", f"add the closing {quote}")
    if "document indicator" in fault.words and "quoted scalar" in fault.context:
        quote = fault.lines[line - 1][column - 1 : column]
        return YamlDiagnosis(
            line, column, f"the {quote} here is not closed before '---'", f"add the closing {quote}"
        )
    return None


def _escape(fault: _Fault) -> YamlDiagnosis | None:
    if "escape" not in fault.words:
        return None
    column = max(fault.text.rfind("\\", 0, fault.column), 0) + 1
    shown = fault.text[column - 1 : column + 1]
    return YamlDiagnosis(
        fault.line,
        column,
        f"'{shown}' is not an escape that YAML knows in double quotes",
        "use single quotes, or write the backslash twice",
    )


def _after_quote(fault: _Fault) -> YamlDiagnosis | None:
    """Text after a closing quote: either the quote ends too early, or one above is not closed."""
    if "expected key" not in fault.words and "expected '-'" not in fault.words:
        return None
    before = fault.text[: fault.column - 1].rstrip()
    if not before or before[-1] not in "'\"":
        return None
    quote = before[-1]
    for number in range(fault.line - 1, 0, -1):
        line = fault.lines[number - 1]
        if not _content(line) or line.count(quote) % 2 == 0 or re.search(rf"\w{quote}\w", line):
            continue
        column = line.rindex(quote) + 1
        return YamlDiagnosis(
            number, column, f"the {quote} here is not closed on its line", f"add the closing {quote}"
        )
    other = "single" if quote == '"' else "double"
    return YamlDiagnosis(
        fault.line,
        fault.column,
        f"text follows the closing {quote}",
        f"remove it, or put the whole value into {other} quotes",
    )


def _brackets(fault: _Fault) -> YamlDiagnosis | None:
    line, column = fault.began
    opened = fault.lines[line - 1][column - 1 : column] if line <= len(fault.lines) else ""
    if "flow" in fault.context and opened in ("[", "{") and "expected ','" in fault.words:
        closing = "]" if opened == "[" else "}"
        if line != fault.line and opened == "{" and '"' in fault.text[: fault.column]:
            number = fault.previous
            end = len(fault.lines[number - 1].rstrip()) + 1
            return YamlDiagnosis(number, end, "a comma is missing between this line and the next", "add ','")
        return YamlDiagnosis(
            line, column, f"the '{opened}' here is not closed on its line", f"add ',' or '{closing}'"
        )
    if "node content" in fault.words and "flow" in fault.context:
        begun = _last_open(fault)
        return begun and YamlDiagnosis(*begun, "this bracket is never closed", "add the closing bracket")
    before = fault.text[: fault.column - 1].rstrip()
    if "expected key" in fault.words and before and fault.text[fault.column - 1 : fault.column] in ("]", "}"):
        shown = fault.text[fault.column - 1]
        return YamlDiagnosis(fault.line, fault.column, f"this '{shown}' closes nothing", "remove it")
    return None


def _last_open(fault: _Fault) -> tuple[int, int] | None:
    for number in range(min(fault.line, len(fault.lines)), 0, -1):
        line = fault.lines[number - 1]
        place = max(line.rfind("["), line.rfind("{"))
        if place >= 0 and line.count("[") + line.count("{") > line.count("]") + line.count("}"):
            return number, place + 1
    return None


def _reserved(fault: _Fault) -> YamlDiagnosis | None:
    begins = ("cannot start any token", "alphabetic or numeric", "expected node content")
    if not any(words in fault.words for words in begins):
        return None
    line, column = (fault.line, fault.column) if "alphabetic" not in fault.words else fault.began
    text = fault.lines[line - 1] if line <= len(fault.lines) else ""
    sign = text[column - 1 : column]
    if sign not in _STARTS:
        return None
    problem = f"a value cannot begin with '{sign}' without quotes: {_STARTS[sign]}"
    return YamlDiagnosis(line, column, problem, "put the value into quotes")


def _alias(fault: _Fault) -> YamlDiagnosis | None:
    if "undefined alias" not in fault.words:
        return None
    return YamlDiagnosis(
        fault.line,
        fault.column,
        "this alias names no anchor (&) of the lines above",
        "define the anchor first, or put the value into quotes if it is text",
    )


def _tag(fault: _Fault) -> YamlDiagnosis | None:
    if found := re.match(r"expected (a \w+) node, but found (\w+)", fault.words):
        problem = f"expected {found[1]} because of the tag, but found a {found[2]}"
        return YamlDiagnosis(fault.line, fault.column, problem, "remove the tag (!!)")
    found = re.search(r"for the tag '(.*)'", fault.words)
    if not found:
        return None
    problem = f"tag '{found[1]}' is unknown: Kubernetes' tools read no tags of other programs"
    return YamlDiagnosis(fault.line, fault.column, problem, "remove it, or quote it if it is meant as text")


def _inline_item(fault: _Fault) -> YamlDiagnosis | None:
    if "block sequence entries" not in fault.words:
        return None
    return YamlDiagnosis(
        fault.line,
        fault.column,
        "a list begins on the line of its key",
        "put '- ' on the next line, indented by two spaces",
    )


def _block_header(fault: _Fault) -> YamlDiagnosis | None:
    if "expected comment or line break" not in fault.words:
        return None
    sign = fault.lines[fault.began[0] - 1][fault.began[1] - 1 : fault.began[1]]
    return YamlDiagnosis(
        *fault.began,
        f"'{sign}' begins a text of several lines, so nothing may follow it on its line",
        "put the text on the next line, indented, or quote the value",
    )


def _two_colons(fault: _Fault) -> YamlDiagnosis | None:
    found = _TWO_COLONS.match(fault.text)
    if "mapping values" not in fault.words or not found:
        return None
    return YamlDiagnosis(
        fault.line,
        found.start("value") + 1,
        f"the value of '{found['key']}' contains ': ' and has no quotes",
        "put the value into quotes",
    )


def _not_a_key(fault: _Fault) -> YamlDiagnosis | None:
    """A line that is neither a key nor an item; libyaml notices it only at the next line."""
    if "mapping values" not in fault.words and "could not find expected ':'" not in fault.words:
        return None
    number = fault.began[0] if "could not find" in fault.words else fault.previous
    for candidate in dict.fromkeys((number, fault.line)):
        if not 0 < candidate <= len(fault.lines):
            continue
        line = fault.lines[candidate - 1]
        if not _content(line) or entries_of(line, candidate):
            continue
        column = len(line) - len(line.lstrip()) + 1
        if found := _NO_SPACE.match(line):
            key = found["key"]
            return YamlDiagnosis(candidate, column, f"no space follows the colon of '{key}:'", "add a space")
        above = open_entries(fault.lines, candidate)
        if above and above[-1].is_item and above[-1].column == column - 1:
            problem = f"this line is not a list item like line {above[-1].line}"
            return YamlDiagnosis(candidate, column, problem, "begin it with '- '")
        problem = "this line is neither a key with a value nor a list item"
        return YamlDiagnosis(candidate, column, problem, "write it as 'key: value'")
    return None


def _after_item(fault: _Fault) -> YamlDiagnosis | None:
    """A key that ends a list which goes on below it."""
    if "expected key" not in fault.words or not fault.text.lstrip().startswith("- "):
        return None
    here = entries_of(fault.text, fault.line)
    above = open_entries(fault.lines, fault.line)
    if not here or not above or above[-1].is_item or above[-1].column != here[0].column:
        return None
    key = above[-1]
    if key.value:
        return YamlDiagnosis(
            fault.line,
            fault.column,
            f"a list item follows {key.title}, which already has a value",
            f"move the item to its list, or remove the value of '{key.key}'",
        )
    return None


def _end_of_text(fault: _Fault) -> YamlDiagnosis | None:
    """A line of a text of several lines that is indented less than the text begins."""
    above = open_entries(fault.lines, fault.line)
    if "expected key" not in fault.words or not above or above[-1].value[:1] not in ("|", ">"):
        return None
    column = len(fault.text) - len(fault.text.lstrip()) + 1
    if column - 1 <= above[-1].column or entries_of(fault.text, fault.line):
        return None
    problem = f"this line is indented less than the text of {above[-1].title} that it follows"
    return YamlDiagnosis(fault.line, column, problem, "indent it like the first line of that text")


def _indentation(fault: _Fault) -> YamlDiagnosis | None:
    if fault.line > len(fault.lines):
        return None
    if found := misplaced(fault.lines, fault.line):
        column = len(fault.text) - len(fault.text.lstrip()) + 1
        return YamlDiagnosis(fault.line, column, *found)
    return None


def _content(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


_EXPLANATIONS: tuple[Callable[[_Fault], YamlDiagnosis | None], ...] = (
    _tab,
    _foreign_space,
    _escape,
    _unclosed_quote,
    _alias,
    _tag,
    _inline_item,
    _block_header,
    _placeholder,
    _reserved,
    _brackets,
    _after_quote,
    _two_colons,
    _not_a_key,
    _after_item,
    _end_of_text,
    _indentation,
)
