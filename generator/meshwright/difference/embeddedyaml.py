"""Compares YAML inside strings key by key, such as chart values in a ConfigMap."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from meshwright.difference.fields import differences
from meshwright.difference.model import Field
from meshwright.difference.redaction import NO_SECRETS, redacted
from meshwright.yaml import YamlFault, parse_all

_ENDINGS = (".yaml", ".yml", ".json")


def inside_texts(fields: Iterable[Field], values: frozenset[str] = frozenset()) -> Iterator[Field]:
    """``fields`` with each YAML text replaced by the differences inside it.

    YAML texts are entries of a ConfigMap's data whose key ends like a YAML file or is in ``values``. A text
    with equal content stays and is marked, because its layout or comments differ.
    """
    for field in fields:
        inner = _inner(field) if _may_be_yaml(field, values) else None
        if inner is None:
            yield field
        elif inner:
            yield from inner
        else:
            yield replace(field, layout=True)


def _may_be_yaml(field: Field, values: frozenset[str]) -> bool:
    if len(field.path) != 2 or field.path[0] != "data" or not isinstance(field.old, str):
        return False
    name = str(field.path[1])
    return isinstance(field.new, str) and (name in values or name.lower().endswith(_ENDINGS))


def _inner(field: Field) -> list[Field] | None:
    """The differing fields inside; None if one of the texts is not a mapping."""
    old, new = _mapping(field.old), _mapping(field.new)
    if old is None or new is None:
        return None
    found = (redacted(item, old, new, NO_SECRETS) for item in differences(old, new))
    return [replace(item, path=field.path, inner=item.path) for item in found]


def _mapping(text: str) -> Mapping[str, Any] | None:
    try:
        documents = parse_all(text)
    except YamlFault:
        return None
    if not documents:
        return {}
    return documents[0] if len(documents) == 1 and isinstance(documents[0], dict) else None
