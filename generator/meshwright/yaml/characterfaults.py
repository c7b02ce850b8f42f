"""Explanations for characters, quotes, tags and aliases that YAML does not allow where they are."""

from __future__ import annotations

import re

from meshwright.yaml.parsererror import ParserError, YamlDiagnosis, has_content

_SURROGATE = re.compile(
    r"(?P<first>\\u[dD][89a-fA-F][0-9a-fA-F]{2})(?P<second>\\u[dD][c-fC-F][0-9a-fA-F]{2})?"
)
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


def tab(error: ParserError) -> YamlDiagnosis | None:
    """A tab in the indentation."""
    if _TAB.match(error.text):
        column = error.text.index("\t") + 1
        return YamlDiagnosis(
            error.line,
            column,
            "a tab indents this line",
            "indent with spaces: YAML does not allow tabs there",
        )
    return None


def foreign_space(error: ParserError) -> YamlDiagnosis | None:
    """A space of another kind in the indentation or after a colon."""
    for number in dict.fromkeys((error.line, error.previous, error.began[0])):
        if not 0 < number <= len(error.lines):
            continue
        for pattern, does in ((_FOREIGN_SPACE, "indents this line"), (_AFTER_COLON, "follows the colon")):
            if found := pattern.search(error.lines[number - 1]):
                code = f"U+{ord(found[0][-1]):04X}"
                problem = f"a special space ({code}) {does}, as copied from a web page"
                return YamlDiagnosis(number, found.end(), problem, "replace it with plain spaces")
    return None


def placeholder(error: ParserError) -> YamlDiagnosis | None:
    """A template's placeholder as a value."""
    found = _PLACEHOLDER.match(error.text)
    if not found or "'" in found["before"] or '"' in found["before"]:
        return None
    problem = f"'{found['value'][:40]}' is a template's placeholder, which only its tool replaces"
    return YamlDiagnosis(
        error.line, found.end("before") + 1, problem, "put the value here, or quote it if it is meant as text"
    )


def escape(error: ParserError) -> YamlDiagnosis | None:
    """A backslash that double quotes do not allow."""
    if "escape" not in error.words:
        return None
    column = max(error.text.rfind("\\", 0, error.column), 0) + 1
    if half := _SURROGATE.match(error.text, column - 1):
        problem = f"'{half['first']}' is half of a character: JSON has such pairs, but Go's YAML refuses them"
        return YamlDiagnosis(error.line, column, problem, f"write {_character(half)}")
    shown = error.text[column - 1 : column + 1]
    return YamlDiagnosis(
        error.line,
        column,
        f"'{shown}' is not an escape that YAML knows in double quotes",
        "use single quotes, or write the backslash twice",
    )


def _character(half: re.Match[str]) -> str:
    """What to write instead of a surrogate, which may be the first or the second of a pair."""
    if half["second"] is None or half["first"][2:].lower() >= "dc":
        return "the character itself"
    pair = half["first"] + half["second"]
    units = pair.encode("ascii").decode("unicode_escape").encode("utf-16-le", "surrogatepass")
    return f"'{units.decode('utf-16-le')}' itself"


def unclosed_quote(error: ParserError) -> YamlDiagnosis | None:
    """A quote that is never closed."""
    line, column = error.began
    if "quoted scalar" in error.context and "end of stream" in error.words:
        quote = error.lines[line - 1][column - 1 : column]
        return YamlDiagnosis(line, column, f"the {quote} here is never closed", f"add the closing {quote}")
    if "document indicator" in error.words and "quoted scalar" in error.context:
        quote = error.lines[line - 1][column - 1 : column]
        return YamlDiagnosis(
            line, column, f"the {quote} here is not closed before '---'", f"add the closing {quote}"
        )
    return None


def after_quote(error: ParserError) -> YamlDiagnosis | None:
    """Text after a closing quote: either the quote ends too early, or one above is not closed."""
    if "expected key" not in error.words and "expected '-'" not in error.words:
        return None
    before = error.text[: error.column - 1].rstrip()
    if not before or before[-1] not in "'\"":
        return None
    quote = before[-1]
    for number in range(error.line - 1, 0, -1):
        line = error.lines[number - 1]
        if not has_content(line) or line.count(quote) % 2 == 0 or re.search(rf"\w{quote}\w", line):
            continue
        column = line.rindex(quote) + 1
        return YamlDiagnosis(
            number, column, f"the {quote} here is not closed on its line", f"add the closing {quote}"
        )
    other = "single" if quote == '"' else "double"
    return YamlDiagnosis(
        error.line,
        error.column,
        f"text follows the closing {quote}",
        f"remove it, or put the whole value into {other} quotes",
    )


def reserved(error: ParserError) -> YamlDiagnosis | None:
    """A value that begins with a reserved character."""
    begins = ("cannot start any token", "alphabetic or numeric", "expected node content")
    if not any(words in error.words for words in begins):
        return None
    line, column = (error.line, error.column) if "alphabetic" not in error.words else error.began
    text = error.lines[line - 1] if line <= len(error.lines) else ""
    sign = text[column - 1 : column]
    if sign not in _STARTS:
        return None
    problem = f"a value cannot begin with '{sign}' without quotes: {_STARTS[sign]}"
    return YamlDiagnosis(line, column, problem, "put the value into quotes")


def alias(error: ParserError) -> YamlDiagnosis | None:
    """An alias without its anchor."""
    if "undefined alias" not in error.words:
        return None
    return YamlDiagnosis(
        error.line,
        error.column,
        "this alias names no anchor (&) of the lines above",
        "define the anchor first, or put the value into quotes if it is text",
    )


def tag(error: ParserError) -> YamlDiagnosis | None:
    """A tag that does not fit its value, or one of another program."""
    if found := re.match(r"expected (a \w+) node, but found (\w+)", error.words):
        problem = f"expected {found[1]} because of the tag, but found a {found[2]}"
        return YamlDiagnosis(error.line, error.column, problem, "remove the tag (!!)")
    found = re.search(r"for the tag '(.*)'", error.words)
    if not found:
        return None
    problem = f"tag '{found[1]}' is unknown: Kubernetes' tools read no tags of other programs"
    return YamlDiagnosis(error.line, error.column, problem, "remove it, or quote it if it is meant as text")


def block_header(error: ParserError) -> YamlDiagnosis | None:
    """Text behind | or >."""
    if "expected comment or line break" not in error.words:
        return None
    sign = error.lines[error.began[0] - 1][error.began[1] - 1 : error.began[1]]
    return YamlDiagnosis(
        *error.began,
        f"'{sign}' begins a text of several lines, so nothing may follow it on its line",
        "put the text on the next line, indented, or quote the value",
    )
