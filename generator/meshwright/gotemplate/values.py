"""The values of Go templates: how Go prints, compares and types what an ApplicationSet's parameters hold.

source: Go 1.26 fmt and text/template/funcs.go. Parameters come from JSON, so every number in them is a
float64, while a number in a template is an int or a float64.
"""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any


class Unsupported(Exception):
    """A template that is not evaluated here; the argument says why."""


def from_json(value: Any) -> Any:
    """A parameter as Go has it: with float64 for each number. Raises Unsupported for a larger one."""
    if isinstance(value, Mapping):
        return {key: from_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [from_json(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            raise Unsupported("a number is too large") from None
    return value


def to_json(value: Any) -> Any:
    """A value for a document, which has 3.0 as 3, and sorted keys."""
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in sorted(value.items(), key=lambda pair: str(pair[0]))}
    if isinstance(value, list):
        return [to_json(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e21 else value


def text_of(value: Any) -> str:
    """A value as an action prints it."""
    return "<no value>" if value is None else formatted(value)


def formatted(value: Any) -> str:
    """A value as %v prints it."""
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, Mapping):
        pairs = sorted(value.items(), key=lambda pair: str(pair[0]))
        return f"map[{' '.join(f'{key}:{formatted(item)}' for key, item in pairs)}]"
    if isinstance(value, list):
        return f"[{' '.join(map(formatted, value))}]"
    return str(value)


def _float(value: float) -> str:
    """A float64 with as few digits as it needs; with an exponent below 1e-4, and from 1e6 on."""
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    power = len(digits) - 1 + int(exponent)
    if value and not -4 <= power < 6:
        text = "".join(map(str, digits))
        mantissa = f"{text[0]}.{text[1:]}" if len(text) > 1 else text
        return f"{'-' * sign}{mantissa}e{power:+03d}"
    return f"{value:.0f}" if value.is_integer() else repr(value)


def is_true(value: Any) -> bool:
    """Whether Go's ``if`` takes a value for true."""
    return bool(value)


def equal(first: Any, *others: Any) -> bool:
    """Go's eq. Raises Unsupported for types that cannot be compared."""
    if not others:
        raise Unsupported("eq needs two values")
    for other in others:
        if isinstance(first, (list, Mapping)) or isinstance(other, (list, Mapping)):
            raise Unsupported("eq compares values of different types")
        if first is None or other is None:
            if first is other:
                return True
            continue
        if type(first) is not type(other):
            raise Unsupported("eq compares values of different types")
        if first == other:
            return True
    return False


def same(first: Any, second: Any) -> bool:
    """Go's reflect.DeepEqual."""
    return type(first) is type(second) and bool(first == second)


def ordered(name: str) -> Callable[[Any, Any], bool]:
    """Go's lt, le, gt or ge. They raise Unsupported for types that have no order."""

    compares = {"lt": operator.lt, "le": operator.le, "gt": operator.gt, "ge": operator.ge}[name]

    def compare(first: Any, second: Any) -> bool:
        if type(first) is not type(second) or type(first) not in (int, float, str):
            raise Unsupported(f"{name} compares values of different types")
        return bool(compares(first, second))

    return compare


def quoted(text: str) -> str:
    """A text as %q prints it. Raises Unsupported for signs that JSON and Go write differently."""
    if not all(sign.isprintable() or sign in "\n\t\r" for sign in text):
        raise Unsupported("a text with control characters is quoted")
    return json.dumps(text, ensure_ascii=False)


_NAMES = {"s": "a string", "i": "an int", "m": "a map", "l": "a list", "b": "a bool"}
_TYPES: dict[str, type | tuple[type, ...]] = {"s": str, "i": int, "m": Mapping, "l": list, "b": bool}


def typed(name: str, kinds: str, call: Callable[..., Any]) -> Callable[..., Any]:
    """``call`` for arguments of these kinds only, as Go calls functions; * repeats the last kind, a is any.

    The call raises Unsupported for others, which Go refuses.
    """
    fixed = kinds.rstrip("*")

    def checked(*arguments: Any) -> Any:
        wanted = fixed
        if kinds.endswith("*"):
            wanted = fixed[:-1] + fixed[-1] * (len(arguments) - len(fixed) + 1)
        if len(wanted) != len(arguments):
            raise Unsupported(f"{name} does not take {len(arguments)} arguments")
        for kind, argument in zip(wanted, arguments, strict=True):
            if kind != "a" and (
                not isinstance(argument, _TYPES[kind]) or (kind == "i" and isinstance(argument, bool))
            ):
                raise Unsupported(f"{name} takes {_NAMES[kind]}, not {formatted(argument)[:40]}")
        try:
            return call(*arguments)
        except (TypeError, ValueError, AttributeError, IndexError, KeyError):
            raise Unsupported(f"{name} is called in a way that is not evaluated offline") from None

    return checked
