"""The functions of Go templates and of sprig that ApplicationSets use.

source: Go 1.26 text/template/funcs.go; Masterminds/sprig v3.3; argo-cd v3.5.3
applicationset/utils/template_functions.go.
"""

from __future__ import annotations

import base64
import json
import posixpath
import re
from collections.abc import Callable, Mapping
from typing import Any

from meshwright.gotemplate.values import (
    Unsupported,
    equal,
    formatted,
    from_json,
    is_true,
    ordered,
    quoted,
    same,
    to_json,
    typed,
)
from meshwright.yaml import YamlFault, dump, parse


def _strval(value: Any) -> str:
    return formatted(value)


def _int(value: Any) -> int:
    if isinstance(value, str) and (not re.fullmatch(r"[+-]?(?:0|[1-9]\d{0,17})", value)):
        if re.fullmatch(r"[+-]?\d[\d_.xXoObB]*", value):
            raise Unsupported("numbers of that form are not evaluated offline")
        return 0
    return int(value) if isinstance(value, (int, float, str)) else 0


def _print(*values: Any) -> str:
    """Spaces between two values of which none is a string."""
    text = ""
    for number, value in enumerate(values):
        if number and not isinstance(value, str) and not isinstance(values[number - 1], str):
            text += " "
        text += formatted(value)
    return text


def _printf(form: str, *values: Any) -> str:
    waiting = list(values)

    def fill(found: re.Match[str]) -> str:
        flags, width, verb = found[1], found[2], found[3]
        if verb == "%":
            return "%"
        if not waiting:
            raise Unsupported("printf has too few arguments")
        value = waiting.pop(0)
        if verb == "v" and "0" not in flags and not (width and isinstance(value, (list, Mapping))):
            text = formatted(value)
        elif verb == "s" and isinstance(value, str) and "0" not in flags:
            text = value
        elif verb == "q" and isinstance(value, str) and not flags:
            text = quoted(value)
        elif verb == "d" and isinstance(value, int) and not isinstance(value, bool):
            return f"%{flags}{width}d" % value
        else:
            raise Unsupported(f"printf with %{flags}{width}{verb} of {formatted(value)[:40]}")
        if set(flags) - {"-"}:
            raise Unsupported(f"printf with %{flags}{verb} is not evaluated offline")
        return text.ljust(int(width or 0)) if "-" in flags else text.rjust(int(width or 0))

    text = re.sub(r"%([-+0 #]*)(\d*)(.)", fill, form, flags=re.S)
    if waiting or re.search(r"%[-+0 #]*\d*\Z", form.replace("%%", "")):
        raise Unsupported("printf has more or fewer verbs than arguments")
    return text


def _index(value: Any, *keys: Any) -> Any:
    if value is None:
        raise Unsupported("index of nil")
    for key in keys:
        if isinstance(value, Mapping) and isinstance(key, str):
            value = value.get(key)
        elif isinstance(value, list) and isinstance(key, int) and 0 <= key < len(value):
            value = value[key]
        else:
            raise Unsupported("index of something that is not there")
    return value


def _dig(*arguments: Any) -> Any:
    *keys, default, value = arguments
    for number, key in enumerate(keys):
        if not isinstance(value, Mapping) or not isinstance(key, str):
            raise Unsupported("dig of something that is not a map")
        if key not in value:
            return default
        value = value[key]
        if number == len(keys) - 1:
            return value
    raise Unsupported("dig needs keys")


def _default(default: Any, *given: Any) -> Any:
    return given[0] if given and is_true(given[0]) else default


def _trunc(length: int, value: str) -> str:
    if not value.isascii():
        raise Unsupported("trunc counts bytes")
    if length < 0:
        return value[length:] if len(value) + length > 0 else value
    return value[:length]


def _normalize(value: str) -> str:
    """A name that DNS allows, from any text. source: utils.SanitizeName"""
    return re.sub(r"[^-a-z0-9.]", "-", value.lower())[:253].strip("-.")


def _indent(count: int, value: str) -> str:
    if count < 0:
        raise Unsupported("indent by less than nothing")
    pad = " " * count
    return pad + value.replace("\n", f"\n{pad}")


def _from_yaml(value: str) -> Any:
    try:
        document = parse(value, "")
    except YamlFault:
        raise Unsupported("fromYaml reads something that is not YAML") from None
    if document is None:
        return {}
    if not isinstance(document, Mapping):
        raise Unsupported("fromYaml reads something that is not a map")
    return from_json(document)


def _dict(*items: Any) -> dict[str, Any]:
    values = [*items, ""] if len(items) % 2 else list(items)
    return {_strval(key): value for key, value in zip(values[::2], values[1::2], strict=True)}


def _length(value: Any) -> int:
    if isinstance(value, (str, list, Mapping)):
        return len(value.encode()) if isinstance(value, str) else len(value)
    raise Unsupported("len of a value without a length")


def _join(sign: str, value: Any) -> str:
    items = value if isinstance(value, list) else [value]
    return sign.join(_strval(item) for item in items if item is not None)


def _clean(path: str) -> str:
    return posixpath.normpath(re.sub("^/+", "/", path)) if path else "."


def _base(path: str) -> str:
    return posixpath.basename(path.rstrip("/")) or ("/" if path else ".")


def _ext(path: str) -> str:
    name = path.rpartition("/")[2]
    return f".{name.rpartition('.')[2]}" if "." in name else ""


def _split(sign: str, value: str) -> dict[str, Any]:
    return {f"_{number}": part for number, part in enumerate(_split_list(sign, value))}


def _split_list(sign: str, value: str) -> list[Any]:
    return list(value.split(sign)) if sign else list(value)


def _json(value: Any) -> str:
    text = json.dumps(to_json(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


_CALLS: dict[str, tuple[str, Callable[..., Any]]] = {
    "not": ("a", lambda value: not is_true(value)),
    "eq": ("aa*", equal),
    "ne": ("aa", lambda first, second: not equal(first, second)),
    **{name: ("aa", ordered(name)) for name in ("lt", "le", "gt", "ge")},
    "len": ("a", _length),
    "index": ("aa*", _index),
    "print": ("a*", _print),
    "printf": ("sa*", _printf),
    "lower": ("s", str.lower),
    "upper": ("s", str.upper),
    "trim": ("s", str.strip),
    "trimAll": ("ss", lambda cut, value: value.strip(cut) if cut else value),
    "trimPrefix": ("ss", lambda prefix, value: value.removeprefix(prefix)),
    "trimSuffix": ("ss", lambda suffix, value: value.removesuffix(suffix)),
    "nospace": ("s", lambda value: re.sub(r"\s", "", value)),
    "replace": ("sss", lambda old, new, value: value.replace(old, new)),
    "contains": ("ss", lambda part, value: part in value),
    "hasPrefix": ("ss", lambda prefix, value: value.startswith(prefix)),
    "hasSuffix": ("ss", lambda suffix, value: value.endswith(suffix)),
    "quote": ("a*", lambda *values: " ".join(quoted(_strval(one)) for one in values if one is not None)),
    "squote": ("a*", lambda *values: " ".join(f"'{_strval(one)}'" for one in values if one is not None)),
    "toString": ("a", _strval),
    "int": ("a", _int),
    "add": ("a*", lambda *values: sum(map(_int, values))),
    "sub": ("aa", lambda first, second: _int(first) - _int(second)),
    "default": ("aa*", _default),
    "empty": ("a", lambda value: not is_true(value)),
    "coalesce": ("a*", lambda *values: next((value for value in values if is_true(value)), None)),
    "ternary": ("aab", lambda yes, no, test: yes if test else no),
    "trunc": ("is", _trunc),
    "list": ("a*", lambda *values: list(values)),
    "first": ("l", lambda value: value[0] if value else None),
    "last": ("l", lambda value: value[-1] if value else None),
    "rest": ("l", lambda value: value[1:]),
    "has": ("al", lambda wanted, value: any(same(wanted, item) for item in value)),
    "join": ("sa", _join),
    "splitList": ("ss", _split_list),
    "split": ("ss", _split),
    "dict": ("a*", _dict),
    "hasKey": ("ms", lambda value, key: key in value),
    "get": ("ms", lambda value, key: value.get(key, "")),
    "dig": ("aaa*", _dig),
    "base": ("s", _base),
    "dir": ("s", lambda value: _clean(value.rpartition("/")[0] or ("/" if value.startswith("/") else ""))),
    "clean": ("s", _clean),
    "ext": ("s", _ext),
    "b64enc": ("s", lambda value: base64.b64encode(value.encode()).decode()),
    "indent": ("is", _indent),
    "nindent": ("is", lambda count, value: f"\n{_indent(count, value)}"),
    "toJson": ("a", _json),
    "toYaml": ("a", lambda value: dump(to_json(value)).rstrip("\n")),
    "fromYaml": ("s", _from_yaml),
    "normalize": ("s", _normalize),
}
FUNCTIONS = {name: typed(name, kinds, call) for name, (kinds, call) in _CALLS.items()}
# They evaluate their arguments only until one decides.
LAZY: dict[str, bool] = {"and": False, "or": True}
