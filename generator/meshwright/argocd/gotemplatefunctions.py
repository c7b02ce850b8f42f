"""The functions of Go templates and of sprig that ApplicationSets use.

source: Go 1.26 text/template/funcs.go; Masterminds/sprig v3; argo-cd v3.5.3
applicationset/utils/template_functions.go.
"""

from __future__ import annotations

import base64
import json
import posixpath
import re
from collections.abc import Callable, Mapping
from typing import Any

from meshwright.yaml import dump, parse


class Unsupported(Exception):
    """A template that is not evaluated here; the argument says why."""


def text_of(value: Any) -> str:
    """A value as Go prints it."""
    if value is None:
        return "<no value>"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    if isinstance(value, Mapping):
        inner = (
            f"{key}:{text_of(item)}" for key, item in sorted(value.items(), key=lambda pair: str(pair[0]))
        )
        return f"map[{' '.join(inner)}]"
    if isinstance(value, list):
        return f"[{' '.join(map(text_of, value))}]"
    return str(value)


def is_true(value: Any) -> bool:
    """Whether Go's ``if`` takes a value for true."""
    return bool(value)


def _str(value: Any) -> str:
    return "" if value is None else text_of(value)


def _int(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        return 0


def _printf(form: Any, *values: Any) -> str:
    waiting = list(values)

    def fill(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return "%"
        if not waiting:
            raise Unsupported("printf has too few arguments")
        value = waiting.pop(0)
        verb = found[2]
        if verb == "q":
            return json.dumps(_str(value), ensure_ascii=False)
        if verb in "sv":
            return f"%{found[1]}s" % text_of(value)
        if verb == "d" and isinstance(value, int):
            return f"%{found[1]}d" % value
        raise Unsupported(f"printf with %{verb} is not evaluated offline")

    return re.sub(r"%([-+0 #]*\d*)([a-zA-Z%])", fill, str(form))


def _index(value: Any, *keys: Any) -> Any:
    for key in keys:
        if isinstance(value, Mapping):
            value = value.get(key)
        elif isinstance(value, list) and isinstance(key, int) and 0 <= key < len(value):
            value = value[key]
        else:
            raise Unsupported("index of something that is not there")
    return value


def _dig(*arguments: Any) -> Any:
    *keys, default, value = arguments
    for key in keys:
        if not isinstance(value, Mapping) or key not in value:
            return default
        value = value[key]
    return value


def _compare(name: str) -> Callable[[Any, Any], bool]:
    def compare(first: Any, second: Any) -> bool:
        if not isinstance(first, (int, float, str)) or not isinstance(second, type(first)):
            raise Unsupported(f"{name} compares values of different types")
        return {
            "lt": first < second,  # type: ignore[operator]
            "le": first <= second,  # type: ignore[operator]
            "gt": first > second,  # type: ignore[operator]
            "ge": first >= second,  # type: ignore[operator]
        }[name]

    return compare


def _equal(first: Any, *others: Any) -> bool:
    return any(first == other and isinstance(first, bool) == isinstance(other, bool) for other in others)


def _and(*values: Any) -> Any:
    return next((value for value in values if not is_true(value)), values[-1])


def _or(*values: Any) -> Any:
    return next((value for value in values if is_true(value)), values[-1])


def _default(default: Any, value: Any = None) -> Any:
    return value if is_true(value) else default


def _trunc(length: Any, value: Any) -> str:
    text, number = _str(value), _int(length)
    return text[number:] if number < 0 and len(text) + number > 0 else text[: number if number >= 0 else None]


def _normalize(value: Any) -> str:
    """A name that DNS allows, from any text. source: utils.SanitizeName"""
    found = re.sub(r"[^a-z0-9-.]+", "-", _str(value).lower())[:253]
    return found.strip("-.")


def _trim(value: str, prefix: str, suffix: str) -> str:
    return value.removeprefix(prefix).removesuffix(suffix)


def _indent(count: Any, value: Any) -> str:
    pad = " " * _int(count)
    return pad + _str(value).replace("\n", f"\n{pad}")


def _from_yaml(value: Any) -> Any:
    document = parse(_str(value), "")
    return {} if document is None else document


def _nth(value: Any, number: int) -> Any:
    return value[number] if isinstance(value, list) and value else None


def _dict(*items: Any) -> dict[str, Any]:
    return {_str(key): value for key, value in zip(items[::2], items[1::2], strict=False)}


def _length(value: Any) -> int:
    if isinstance(value, (str, list, Mapping)):
        return len(value.encode()) if isinstance(value, str) else len(value)
    raise Unsupported("len of a value without a length")


_CALLS: dict[str, Callable[..., Any]] = {
    "and": _and,
    "or": _or,
    "not": lambda value: not is_true(value),
    "eq": _equal,
    "ne": lambda first, second: not _equal(first, second),
    "lt": _compare("lt"),
    "le": _compare("le"),
    "gt": _compare("gt"),
    "ge": _compare("ge"),
    "len": _length,
    "index": _index,
    "print": lambda *values: "".join(map(text_of, values)),
    "printf": _printf,
    "lower": lambda value: _str(value).lower(),
    "upper": lambda value: _str(value).upper(),
    "trim": lambda value: _str(value).strip(),
    "trimAll": lambda cut, value: _str(value).strip(_str(cut)),
    "trimPrefix": lambda prefix, value: _trim(_str(value), _str(prefix), ""),
    "trimSuffix": lambda suffix, value: _trim(_str(value), "", _str(suffix)),
    "nospace": lambda value: re.sub(r"\s", "", _str(value)),
    "replace": lambda old, new, value: _str(value).replace(_str(old), _str(new)),
    "contains": lambda part, value: _str(part) in _str(value),
    "hasPrefix": lambda prefix, value: _str(value).startswith(_str(prefix)),
    "hasSuffix": lambda suffix, value: _str(value).endswith(_str(suffix)),
    "quote": lambda *values: " ".join(json.dumps(_str(value), ensure_ascii=False) for value in values),
    "squote": lambda *values: " ".join(f"'{_str(value)}'" for value in values),
    "toString": _str,
    "int": _int,
    "add": lambda *values: sum(map(_int, values)),
    "sub": lambda first, second: _int(first) - _int(second),
    "default": _default,
    "empty": lambda value: not is_true(value),
    "coalesce": lambda *values: next((value for value in values if is_true(value)), None),
    "ternary": lambda yes, no, test: yes if is_true(test) else no,
    "trunc": _trunc,
    "list": lambda *values: list(values),
    "first": lambda value: _nth(value, 0),
    "last": lambda value: _nth(value, -1),
    "rest": lambda value: value[1:],
    "has": lambda wanted, value: wanted in (value or []),
    "join": lambda sign, value: _str(sign).join(map(_str, value if isinstance(value, list) else [value])),
    "splitList": lambda sign, value: _str(value).split(_str(sign)),
    "split": lambda sign, value: {
        f"_{number}": part for number, part in enumerate(_str(value).split(_str(sign)))
    },
    "dict": _dict,
    "hasKey": lambda value, key: isinstance(value, Mapping) and key in value,
    "get": lambda value, key: value.get(key, "") if isinstance(value, Mapping) else "",
    "dig": _dig,
    "base": lambda value: posixpath.basename(_str(value).rstrip("/")) or ".",
    "dir": lambda value: posixpath.dirname(_str(value)) or ".",
    "clean": lambda value: posixpath.normpath(_str(value)),
    "ext": lambda value: posixpath.splitext(_str(value))[1],
    "b64enc": lambda value: base64.b64encode(_str(value).encode()).decode(),
    "indent": _indent,
    "nindent": lambda count, value: f"\n{_indent(count, value)}",
    "toJson": lambda value: json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")),
    "toYaml": lambda value: dump(value).rstrip("\n"),
    "fromYaml": _from_yaml,
    "normalize": _normalize,
}


def _checked(call: Callable[..., Any], name: str) -> Callable[..., Any]:
    def checked(*arguments: Any) -> Any:
        try:
            return call(*arguments)
        except (TypeError, ValueError, AttributeError, IndexError, KeyError):
            raise Unsupported(f"{name} is called in a way that is not evaluated offline") from None

    return checked


FUNCTIONS = {name: _checked(call, name) for name, call in _CALLS.items()}
