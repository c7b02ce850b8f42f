"""Parses Flux's substitution syntax: ``${NAME}``, its operators and its escapes.

Follows the parser of github.com/fluxcd/pkg/envsubst v1.7.1 even where its documentation says otherwise:
``${NAME-x}`` does not exist, a name may start with a digit, and only replacements support backslashes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

_DEFAULTS = frozenset({"=", ":=", ":-", ":+", ":?"})
# Nested expressions; people write two or three levels.
_MAX_DEPTH = 100


class BadSubstitution(ValueError):
    """An expression that cannot be parsed; ``expression`` is the start of its text."""

    def __init__(self, expression: str, problem: str) -> None:
        super().__init__(f"{expression}: {problem}")
        self.expression = expression
        self.problem = problem


@dataclass(frozen=True)
class Expression:
    """One ``${...}``; ``source`` is its text as written."""

    name: str
    operator: str
    arguments: tuple[Node, ...]
    source: str

    @property
    def needs_value(self) -> bool:
        """Whether Flux fails when the variable is not set: not for operators with a default."""
        return self.operator not in _DEFAULTS


Node = str | Expression


def parse(text: str) -> Sequence[Node]:
    """The literal parts and expressions of ``text``; ``$$`` has become ``$``. Raises BadSubstitution."""
    return _ExpressionParser(text).template() if "$" in text else [text]


class _ExpressionParser:
    """A recursive-descent parser; each method starts after the token that introduces its construct."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0

    def template(self) -> list[Node]:
        nodes: list[Node] = []
        while self._at < len(self._text):
            dollar = self._text.find("$", self._at)
            if dollar < 0:
                dollar = len(self._text)
            nodes.append(self._text[self._at : dollar])
            self._at = dollar
            if self._take("${"):
                nodes.append(self._expression())
            elif self._take("$$") or self._take("$"):
                nodes.append("$")
        return nodes

    def _expression(self) -> Expression:
        start = self._at - 2
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise self._bad(start, f"nested deeper than {_MAX_DEPTH} levels")
        if self._take("#"):
            name = self._name(start)
            operator: str = "length"
            arguments: list[Node] = []
        else:
            name = self._name(start)
            operator, arguments = self._operation(start)
        if not self._take("}"):
            raise self._bad(start, "expected } here")
        self._depth -= 1
        return Expression(name, operator, tuple(arguments), self._text[start : self._at])

    def _name(self, start: int) -> str:
        begin = self._at
        while self._peek().isalpha() or self._peek().isdecimal() or self._peek() == "_":
            self._at += 1
        if begin == self._at:
            raise self._bad(start, "the variable name is missing")
        return self._text[begin : self._at]

    def _operation(self, start: int) -> tuple[str, list[Node]]:
        char, following = self._peek(), self._peek(1)
        if char in ("^", ","):
            return self._repeatable("^,"), []
        if char == "=" or (char == ":" and following and following in "=-?+"):
            operator = char if char == "=" else char + following
            self._at += len(operator)
            return operator, self._default(start)
        if char == ":":
            if not following.isascii():
                # Flux steps back by the bytes of this character, into the middle of the name.
                raise self._bad(start, "the offset must be a number")
            self._at += 1
            return ":", self._offsets(start)
        if char in ("#", "%"):
            operator = self._repeatable(char)
            return operator, [self._argument(start, lambda c: c == "}")]
        if char == "/":
            self._at += 1
            variant = self._peek() if self._peek() in ("/", "#", "%") else ""
            self._at += len(variant)
            return "/" + variant, self._replacement(start)
        return "", []

    def _repeatable(self, chars: str) -> str:
        """An operator of one or two of ``chars``."""
        begin = self._at
        while self._at - begin < 2 and self._peek() and self._peek() in chars:
            self._at += 1
        return self._text[begin : self._at]

    def _default(self, start: int) -> list[Node]:
        arguments: list[Node] = []
        while self._peek() != "}":
            arguments.append(self._argument(start, lambda c: c == "}"))
        return arguments

    def _offsets(self, start: int) -> list[Node]:
        arguments = [self._argument(start, lambda c: c in ":}")]
        if self._peek() == ":":
            while self._take(":"):
                pass
            arguments.append(self._argument(start, lambda c: c == "}"))
        return arguments

    def _replacement(self, start: int) -> list[Node]:
        arguments = [self._argument(start, lambda c: c == "/", escapes="$\\")]
        if not self._take("/"):
            raise self._bad(start, "a replacement has the form ${NAME/old/new}")
        while self._take("/"):
            pass
        if self._peek() != "}":
            arguments.append(self._argument(start, lambda c: c == "}", escapes="$\\"))
        return arguments

    def _argument(self, start: int, stop: Callable[[str], bool], escapes: str = "") -> Node:
        """One nested expression or non-empty literal text."""
        if self._take("${"):
            return self._expression()
        text = self._text_until(stop, escapes)
        if not text:
            raise self._bad(start, "an operand or the closing } is missing")
        return text

    def _text_until(self, stop: Callable[[str], bool], escapes: str) -> str:
        # Only replacements support the escapes "$$", "\\/" and "\\\\".
        parts: list[str] = []
        while self._at < len(self._text) and not self._text.startswith("${", self._at):
            char, following = self._text[self._at], self._peek(1)
            if (char == "$" and "$" in escapes and following == "$") or (
                char == "\\" and "\\" in escapes and following and following in "/\\"
            ):
                parts.append(following)
                self._at += 2
                continue
            if stop(char):
                break
            parts.append(char)
            self._at += 1
        return "".join(parts)

    def _peek(self, ahead: int = 0) -> str:
        return self._text[self._at + ahead : self._at + ahead + 1]

    def _take(self, wanted: str) -> bool:
        if self._text.startswith(wanted, self._at):
            self._at += len(wanted)
            return True
        return False

    def _bad(self, start: int, problem: str) -> BadSubstitution:
        return BadSubstitution(self._text[start : start + 40].splitlines()[0], problem)
