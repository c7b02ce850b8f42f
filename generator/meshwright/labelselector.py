"""Kubernetes' label selectors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from meshwright.yaml.pointer import items_of


def matches(selector: Any, labels: Any) -> bool:
    """Whether a label selector matches these labels; an invalid selector matches none.

    source: Kubernetes LabelSelector; an empty one matches everything.
    """
    if not isinstance(selector, dict) or not isinstance(labels, Mapping):
        return False
    equal, terms = selector.get("matchLabels") or {}, selector.get("matchExpressions") or []
    if not isinstance(equal, dict) or not isinstance(terms, list):
        return False
    if any(labels.get(key) != value for key, value in equal.items()):
        return False
    for term in terms:
        if not isinstance(term, dict):
            return False
        value, wanted = labels.get(str(term.get("key"))), items_of(term.get("values"))
        matched = {
            "In": value in wanted,
            "NotIn": value not in wanted,
            "Exists": value is not None,
            "DoesNotExist": value is None,
        }
        if not matched.get(str(term.get("operator")), False):
            return False
    return True
