"""Flux's variable substitution: what each operator makes of a value.

Follows github.com/fluxcd/pkg/envsubst v1.7.1, which kustomize-controller 1.9 uses, where its
documentation differs too: ``:+`` and ``:?`` act like ``:-``, arguments are evaluated even when they are
not used, and lengths and offsets count bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from meshwright.flux.expression import Expression, Node, parse
from meshwright.flux.glob import trim_prefix, trim_suffix

# Called for a variable without a value; gives the text to put in, or raises.
Missing = Callable[[Expression], str]


def evaluate(text: str, values: Mapping[str, str], missing: Missing) -> str:
    """``text`` with every expression replaced. Raises BadSubstitution."""
    return "".join(_value(node, values, missing) for node in parse(text))


def _value(node: Node, values: Mapping[str, str], missing: Missing) -> str:
    if isinstance(node, str):
        return node
    arguments = [_value(argument, values, missing) for argument in node.arguments]
    value = values.get(node.name)
    if value is None:
        if node.needs_value:
            return missing(node)
        value = ""
    return _apply(node.operator, value, arguments)


def _apply(operator: str, value: str, arguments: list[str]) -> str:
    match operator:
        case "length":
            return str(len(value.encode()))
        case "^":
            return _upper(value[:1]) + value[1:]
        case "^^":
            return _upper(value)
        case ",":
            return value[:1].lower() + value[1:]
        case ",,":
            return value.lower()
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
    raw = value.encode()
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
    return raw[start:end].decode("utf-8", "replace") if start < end else ""


def _upper(text: str) -> str:
    """Go turns one character into one: ß has no single upper-case form there."""
    return "".join(char.upper() if len(char.upper()) == 1 else char for char in text)


def _integer(text: str) -> int | None:
    """What Go's strconv.Atoi takes: a sign and ASCII digits, no space and no underscore."""
    digits = text[1:] if text[:1] in ("+", "-") else text
    return int(text) if digits.isascii() and digits.isdigit() else None
