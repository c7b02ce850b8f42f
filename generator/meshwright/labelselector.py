"""Kubernetes' label selectors."""

from __future__ import annotations

from typing import Any


def matches(selector: Any, labels: Any) -> bool:
    """Whether a label selector matches these labels; an invalid selector matches none.

    source: Kubernetes LabelSelector; an empty one matches everything.
    """
    if not isinstance(selector, dict):
        return False
    if any(labels.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    for term in selector.get("matchExpressions") or []:
        if not isinstance(term, dict):
            return False
        value, wanted = labels.get(term.get("key")), term.get("values") or []
        matched = {
            "In": value in wanted,
            "NotIn": value not in wanted,
            "Exists": value is not None,
            "DoesNotExist": value is None,
        }
        if not matched.get(str(term.get("operator")), False):
            return False
    return True
