"""What to write instead of a value that a JSON Schema refuses."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from meshwright.yaml import as_written

# More names are not listed in one line.
_MOST_NAMES = 12
_INTEGER = re.compile(r"-?[0-9]+\Z")
_BOOLEANS = {"true": "true", "yes": "true", "on": "true", "false": "false", "no": "false", "off": "false"}


def to_add(schema: Mapping[str, Any], name: str) -> str:
    """How to add a name that is missing, with the values that ``schema`` of the mapping allows for it."""
    of: Any = (schema.get("properties") or {}).get(name)
    if not isinstance(of, Mapping):
        return f"add {name}"
    allowed = [of["const"]] if "const" in of else of.get("enum") or []
    if not allowed or len(allowed) > _MOST_NAMES:
        return f"add {name}"
    *others, last = [as_written(value) for value in allowed]
    return f"add {name}: {', '.join(others)}{' or ' if others else ''}{last}"


def instead_of_unknown(names: Collection[str], hint: str) -> str:
    """What to do about an unknown name where ``names`` are known; ``hint`` says which one was meant."""
    if hint:
        return ""
    if 0 < len(names) <= _MOST_NAMES:
        return f"remove it; the names here are {', '.join(sorted(names))}"
    return "correct its spelling, or remove it"


def instead_of_type(schema: Mapping[str, Any], value: Any, wanted: Collection[str]) -> str:
    """How to write a value of the wrong type, if that is obvious; ``wanted`` are JSON Schema's types."""
    if told := schema.get("patternErrorMessage"):
        return str(told)
    if isinstance(value, (dict, list)) or value is None:
        return ""
    if "string" in wanted:
        # The value may be a password.
        return "quote it"
    if isinstance(value, str):
        if "integer" in wanted and _INTEGER.match(value):
            return f"write {value} without quotes"
        if "boolean" in wanted and (plain := _BOOLEANS.get(value.lower())):
            return f"write {plain} without quotes"
    return f"write it as a list: [{as_written(value)}]" if "array" in wanted and len(str(value)) < 40 else ""
