"""Says in plain words what a JSON Schema has against a value."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from meshwright.schemafixes import instead_of_type, instead_of_unknown, to_add
from meshwright.words import closest, did_you_mean
from meshwright.yaml.pointer import Pointer, dotted

if TYPE_CHECKING:
    from jsonschema import ValidationError

_TYPES = {
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "a boolean",
    "array": "a list",
    "object": "a mapping",
    "null": "null",
}
_BOUNDS = {
    "minimum": "must be at least",
    "maximum": "must be at most",
    "exclusiveMinimum": "must be more than",
    "exclusiveMaximum": "must be less than",
    "minLength": "must have at least this many characters:",
    "maxLength": "must have at most this many characters:",
    "minItems": "must have at least this many items:",
    "maxItems": "must have at most this many items:",
    "minProperties": "must have at least this many keys:",
    "maxProperties": "must have at most this many keys:",
}


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a value; ``code`` is unknown, removed, type, required or value.

    ``pointer`` leads to the value, to the key itself when the key is unknown, and to the parent when
    something is missing. ``text`` starts with the value's dotted path and holds no final stop. ``name`` is
    the missing name, or the known one that an unknown one is most similar to. ``fix`` is empty if ``text``
    says what is allowed.
    """

    code: str
    pointer: Pointer
    text: str
    value: Any
    hint: str = ""
    name: str = ""
    fix: str = ""


def problems(schema: Mapping[str, Any], value: Any) -> list[Problem]:
    """Everything that ``schema`` has against ``value``, by place."""
    from jsonschema.validators import Draft202012Validator, validator_for

    validator = validator_for(schema, default=Draft202012Validator)
    found = [item for error in validator(schema).iter_errors(value) for item in _from_error(error)]
    # A misspelt name is one mistake: it is not missing too.
    meant = {(item.pointer[:-1], item.name) for item in found if item.code == "unknown"}
    found = [item for item in found if item.code != "required" or (item.pointer, item.name) not in meant]
    unique = {(item.code, item.pointer, item.text): item for item in found}
    return [unique[key] for key in sorted(unique, key=lambda key: (str(key[1]), key[0], key[2]))]


def _from_error(error: ValidationError) -> Iterator[Problem]:
    pointer: Pointer = tuple(error.absolute_path)
    match error.validator:
        case "additionalProperties":
            yield from _unknown(error, pointer)
        case "required":
            yield from _missing(error, pointer)
        case "type":
            schema: Any = error.schema
            fix = instead_of_type(schema, error.instance, _as_list(error.validator_value))
            yield Problem("type", pointer, _type_text(error, pointer), error.instance, fix=fix)
        case "enum" | "const":
            yield Problem("value", pointer, _enum_text(error, pointer), error.instance)
        case "pattern":
            schema = error.schema
            # Editors show the same words.
            told = schema.get("patternErrorMessage")
            why = f"; {told}" if told else f", which does not match {error.validator_value}"
            text = f"'{dotted(pointer)}' is {_show(error.instance)}{why}"
            yield Problem("value", pointer, text, error.instance)
        case "anyOf" | "oneOf":
            yield from _alternatives(error, pointer)
        case "not":
            yield Problem(
                "value", pointer, f"'{dotted(pointer)}' must not be {_show(error.instance)}", error.instance
            )
        case name if name in _BOUNDS:
            shown = f" is {_show(error.instance)}, and" if isinstance(error.instance, (int, float)) else ""
            text = f"'{dotted(pointer)}'{shown} {_BOUNDS[name]} {error.validator_value}"
            yield Problem("value", pointer, text, error.instance)
        case _ if error.context:
            for inner in error.context:
                yield from _from_error(inner)
        case _:
            yield Problem("value", pointer, f"'{dotted(pointer)}': {_short(error.message)}", error.instance)


def _unknown(error: ValidationError, pointer: Pointer) -> Iterator[Problem]:
    schema: Any = error.schema
    properties = schema.get("properties") or {}
    patterns = [re.compile(pattern) for pattern in schema.get("patternProperties") or {}]
    removed = schema.get("x-removed") or {}
    value: Any = error.instance
    for key in value:
        if key in properties or any(pattern.search(str(key)) for pattern in patterns):
            continue
        here = (*pointer, key)
        shown = dotted(here) if pointer else str(key)
        if key in removed:
            yield Problem("removed", here, shown, value[key], str(removed[key]))
        else:
            name = closest(str(key), properties) or ""
            hint = did_you_mean(str(key), properties)
            fix = instead_of_unknown([*properties], hint)
            yield Problem("unknown", here, shown, value[key], hint, name, fix)


def _missing(error: ValidationError, pointer: Pointer) -> Iterator[Problem]:
    # One error comes for each missing name; the message alone says which.
    value: Any = error.instance
    names: Any = error.validator_value
    schema: Any = error.schema
    for name in names:
        if name not in value and error.message.startswith(repr(name)):
            text, fix = f"'{dotted((*pointer, name))}' is missing", to_add(schema, name)
            yield Problem("required", pointer, text, value, name=name, fix=fix)


def _alternatives(error: ValidationError, pointer: Pointer) -> Iterator[Problem]:
    """The alternative that came nearest: the one whose errors lie deepest, then has the fewest."""
    branches: dict[Any, list[ValidationError]] = {}
    for inner in error.context or []:
        branches.setdefault(inner.schema_path[0], []).append(inner)
    if not branches:
        # A oneOf of which several hold.
        text = f"'{dotted(pointer)}' fits several alternatives that exclude each other"
        yield Problem("value", pointer, text, error.instance)
        return
    flat = [inner for branch in branches.values() for inner in branch]
    if all(inner.validator == "type" and not inner.path for inner in flat):
        wanted = [name for inner in flat for name in _as_list(inner.validator_value)]
        fix = instead_of_type({}, error.instance, wanted)
        yield Problem("type", pointer, _type_words(error.instance, pointer, wanted), error.instance, fix=fix)
        return
    if all(inner.validator == "required" and not inner.path for inner in flat):
        value: Any = error.instance
        names = sorted(
            {name for inner in flat for name in _as_list(inner.validator_value) if name not in value}
        )
        where = f"'{dotted(pointer)}'" if pointer else "it"
        text = f"{where} needs one of {', '.join(names)}"
        yield Problem("required", pointer, text, error.instance, fix="add one of them")
        return
    best = min(branches.values(), key=lambda branch: (-max(len(inner.path) for inner in branch), len(branch)))
    for inner in best:
        yield from _from_error(inner)


def _type_text(error: ValidationError, pointer: Pointer) -> str:
    return _type_words(error.instance, pointer, _as_list(error.validator_value))


def _type_words(value: Any, pointer: Pointer, wanted: Iterable[str]) -> str:
    names = [name for name in wanted if name != "null"] or ["null"]
    words = " or ".join(dict.fromkeys(_TYPES.get(name, name) for name in names))
    subject = f"'{dotted(pointer)}'" if pointer else "it"
    # Text where no text belongs can be shown: nothing secret stands in such a place.
    shown = f" ({_show(value)})" if isinstance(value, str) and "a string" not in words else ""
    return f"{subject} is {type_name(value)}{shown}, and must be {words}"


def _enum_text(error: ValidationError, pointer: Pointer) -> str:
    wanted: Any = error.validator_value
    allowed = [wanted] if error.validator == "const" else list(wanted)
    shown = ", ".join(_show(item) for item in allowed[:12]) + (", ..." if len(allowed) > 12 else "")
    if len(allowed) == 1 and type_name(wanted := allowed[0]) != type_name(error.instance):
        given = f"{type_name(error.instance)} ({_show(error.instance)})"
        return f"'{dotted(pointer)}' is {given}, and must be {_show(wanted)}"
    one_of = "one of " if len(allowed) > 1 else ""
    # With one value allowed there is nothing to guess.
    hint = did_you_mean(str(error.instance), [str(item) for item in allowed]) if len(allowed) > 1 else ""
    return f"'{dotted(pointer)}' is {_show(error.instance)}, and must be {one_of}{shown}{hint}"


def type_name(value: Any) -> str:
    """What a person would call the type of ``value``."""
    if isinstance(value, bool):
        return "a boolean"
    for of_type, name in ((str, "a string"), (int, "an integer"), (float, "a number"), (list, "a list")):
        if isinstance(value, of_type):
            return name
    return "null" if value is None else "a mapping"


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _show(value: Any) -> str:
    return _short(json.dumps(value, ensure_ascii=False, default=str).replace('"', "'"))


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 120 else f"{line[:117]}..."
