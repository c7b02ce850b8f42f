"""Flux's variable substitution: evaluates each operator.

Follows github.com/fluxcd/pkg/envsubst v1.7.1, which kustomize-controller 1.9 uses, even where its
documentation says otherwise: ``:+`` and ``:?`` act like ``:-``, arguments are evaluated even when unused,
and lengths and offsets count bytes. A partial character becomes surrogates, which YAML does not accept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from meshwright.flux.expression import BadSubstitution, Expression, Node, parse
from meshwright.flux.glob import trim_prefix, trim_suffix

# Called for a variable without a value; returns the text to insert, or raises.
Missing = Callable[[Expression], str]

# A Kubernetes object has at most 1.5 MiB.
_MAX_LENGTH = 16 * 2**20


def evaluate(text: str, values: Mapping[str, str], missing: Missing) -> str:
    """``text`` with every expression replaced. Raises BadSubstitution."""
    evaluation = _Evaluation(values, missing)
    made = "".join([evaluation.value(node) for node in parse(text)])
    # Adjacent halves of a character form that character again.
    return made if made.isascii() else _bytes(made).decode("utf-8", "surrogateescape")


class _Evaluation:
    def __init__(self, values: Mapping[str, str], missing: Missing) -> None:
        self._values = values
        self._missing = missing
        # How many more characters all expressions together may produce.
        self._remaining = _MAX_LENGTH

    def value(self, node: Node) -> str:
        """The text that replaces ``node``."""
        if isinstance(node, str):
            return node
        arguments = [self.value(argument) for argument in node.arguments]
        value = self._values.get(node.name)
        if value is None:
            if node.needs_value:
                return self._missing(node)
            value = ""
        if node.operator == "//":
            self._spend(node, value.count(arguments[0]) * sum(map(len, arguments[1:])))
        made = _apply(node.operator, value, arguments)
        self._spend(node, len(made))
        return made

    def _spend(self, node: Expression, characters: int) -> None:
        self._remaining -= characters
        if self._remaining < 0:
            start = node.source[:40].partition("\n")[0]
            raise BadSubstitution(start, f"variables expand to more than {_MAX_LENGTH // 2**20} MiB")


def _apply(operator: str, value: str, arguments: list[str]) -> str:
    match operator:
        case "length":
            return str(len(_bytes(value)))
        case "^":
            return _upper(value[:1]) + value[1:]
        case "^^":
            return _upper(value)
        case ",":
            return _lower(value[:1]) + value[1:]
        case ",,":
            return _lower(value)
        case ":":
            return _substring(value, arguments)
        case "#" | "##":
            return trim_prefix(value, arguments[0], longest=operator == "##")
        case "%" | "%%":
            return trim_suffix(value, arguments[0], longest=operator == "%%")
        case "/" | "//" | "/#" | "/%":
            return _replace(operator, value, arguments)
        case _:
            return value or "".join(arguments)


def _replace(operator: str, value: str, arguments: list[str]) -> str:
    old, new = arguments[0], "".join(arguments[1:])
    anchored = operator in ("/#", "/%")
    if anchored and len(arguments) < 2:
        return value
    if operator == "/#":
        return value.replace(old, new, 1) if value.startswith(old) else value
    if operator == "/%":
        return value.removesuffix(old) + new if value.endswith(old) else value
    return value.replace(old, new, 1 if operator == "/" else -1)


def _substring(value: str, arguments: list[str]) -> str:
    raw = _bytes(value)
    numbers = [_integer(argument) for argument in arguments]
    if numbers[0] is None:
        return value
    start = numbers[0] if numbers[0] >= 0 else max(0, len(raw) + numbers[0])
    end = len(raw)
    if len(numbers) > 1:
        length = numbers[1]
        if length is None:
            return value
        end = len(raw) + length if length < 0 else min(end, start + length)
    return raw[start:end].decode("utf-8", "surrogateescape") if start < end else ""


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _upper(text: str) -> str:
    """Upper case as in Go, one character to one: ß stays as it is."""
    return "".join(char.upper() if len(char.upper()) == 1 else char for char in text)


def _lower(text: str) -> str:
    """Lower case as in Go, one character to one: no final sigma, and İ loses its dot."""
    return "".join(char.lower()[0] for char in text)


def _integer(text: str) -> int | None:
    """Parse like Go's strconv.Atoi: an optional sign and ASCII digits, no space or underscore, 64 bits."""
    digits = text[1:] if text[:1] in ("+", "-") else text
    # Python refuses to parse thousands of digits; any number may have leading zeros.
    if not (digits.isascii() and digits.isdigit()) or len(digits.lstrip("0")) > 19:
        return None
    number = int(digits.lstrip("0") or "0") * (-1 if text.startswith("-") else 1)
    return number if -(2**63) <= number < 2**63 else None
