"""Says a repeated object once: kubeconform compiles each mention of an object anew."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from scripts.schemas.resource import Schema

# Below this many characters a reference saves nothing worth a name.
_WORTH = 200


def share(schema: Schema) -> Schema:
    """The same schema with each object that stands in it twice or more moved to ``definitions``."""
    counts: Counter[str] = Counter()
    _count(schema, counts)
    names: dict[str, str] = {}
    definitions: Schema = {}

    def replace(value: Any, key: str) -> Any:
        if isinstance(value, list):
            return [replace(item, key) for item in value]
        if not isinstance(value, dict):
            return value
        text = _text(value) if _is_object(value) else ""
        if counts[text] < 2:
            return {name: replace(item, _label(key, name)) for name, item in sorted(value.items())}
        if text not in names:
            names[text] = _free(key, definitions)
            definitions[names[text]] = {}
            definitions[names[text]] = {k: replace(v, _label(key, k)) for k, v in sorted(value.items())}
        return {"$ref": f"#/definitions/{names[text]}"}

    result: Schema = {key: replace(value, key) for key, value in sorted(schema.items())}
    return result | ({"definitions": definitions} if definitions else {})


def _count(value: Any, counts: Counter[str]) -> None:
    if isinstance(value, list):
        for item in value:
            _count(item, counts)
    elif isinstance(value, dict):
        if _is_object(value) and len(text := _text(value)) >= _WORTH:
            counts[text] += 1
        for item in value.values():
            _count(item, counts)


def _is_object(value: dict[str, Any]) -> bool:
    """Also true of nothing but a schema: a property called "type" is itself a schema, never a string."""
    return value.get("type") == "object" and isinstance(value.get("properties"), dict)


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _label(key: str, name: str) -> str:
    return key if name in {"properties", "items", "additionalProperties"} else name


def _free(name: str, taken: Schema) -> str:
    number = 1
    while (candidate := name if number == 1 else f"{name}{number}") in taken:
        number += 1
    return candidate
