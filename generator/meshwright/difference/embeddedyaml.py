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
# The field with the values in a HelmChart and a HelmChartConfig of k3s.
K3S_VALUES = ("spec", "valuesContent")


def inside_texts(fields: Iterable[Field], values: frozenset[str] = frozenset()) -> Iterator[Field]:
    """``fields`` with each YAML text replaced by the differences inside it.

    YAML texts are the values of k3s' HelmCharts and HelmChartConfigs, and entries of a ConfigMap's data whose
    key ends like a YAML file or is in ``values``. A text with equal content stays and is marked, because its
    layout or comments differ.
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
    if not isinstance(field.old, str) or not isinstance(field.new, str):
        return False
    if field.path == K3S_VALUES:
        return True
    if len(field.path) != 2 or field.path[0] != "data":
        return False
    name = str(field.path[1])
    return name in values or name.lower().endswith(_ENDINGS)


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
