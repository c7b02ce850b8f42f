"""Fills the template of an ApplicationSet, with Go templates or without.

source: argo-cd v3.5.3, applicationset/utils/utils.go (Replace, RenderTemplateParams).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from meshwright.argocd.unknownclusters import UNKNOWN_LABELS, Labels, unknown
from meshwright.gotemplate import execute

_FASTTEMPLATE = re.compile(r"\{\{\s*([^{}\s]+)\s*\}\}")


def flatten(data: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Nested parameters with dotted names, as templates without goTemplate use them."""
    found: dict[str, str] = {}
    for key, value in data.items():
        name = f"{prefix}{key}"
        if isinstance(value, Labels):
            found |= {UNKNOWN_LABELS: "", **{f"{name}.{label}": text for label, text in value.known.items()}}
        elif isinstance(value, Mapping):
            found |= flatten(value, f"{name}.")
        elif isinstance(value, list):
            found |= flatten({str(number): item for number, item in enumerate(value)}, f"{name}.")
        else:
            found[name] = _text(value)
    return found


def render(template: Any, parameters: Mapping[str, Any], go: bool, *, strict: bool = False) -> Any:
    """``template`` with all of its strings filled.

    Without ``go``, a placeholder without a parameter stays as it is. With it, raises MissingKey if
    ``strict``, and Unsupported for what is not evaluated here.
    """
    if isinstance(template, Mapping):
        return {
            render(key, parameters, go, strict=strict): render(value, parameters, go, strict=strict)
            for key, value in template.items()
        }
    if isinstance(template, list):
        return [render(value, parameters, go, strict=strict) for value in template]
    if not isinstance(template, str) or "{{" not in template:
        return template
    if go:
        return execute(template, parameters, strict=strict)

    def fill(found: re.Match[str]) -> str:
        value = parameters.get(found[1])
        if value is None and UNKNOWN_LABELS in parameters and found[1].startswith("metadata."):
            value = unknown(found[1])
        return found[0] if value is None or isinstance(value, (Mapping, list)) else _text(value)

    return _FASTTEMPLATE.sub(fill, template)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
