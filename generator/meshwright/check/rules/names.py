"""Names of objects and namespaces that the API server refuses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from meshwright.check.model.index import Item, Model
from meshwright.check.rules.rule import Hit, rule
from meshwright.flux.substitution import unresolved

_LABEL = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?\Z")
_SUBDOMAIN = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*\Z")
_LONGEST_LABEL, _LONGEST_SUBDOMAIN = 63, 253
# Names of these are segments of a path: almost anything.
_FREE = frozenset({"rbac.authorization.k8s.io", "certificates.k8s.io", "authorization.openshift.io"})


@rule(
    "MW681",
    "object-name-refused",
    "The API server refuses a name",
    why="A name consists of lower case letters, digits, '-' and, except for Services and Namespaces, '.'. The "
    "API server refuses any other name, and Flux then does not apply any object of the Kustomization.",
    fix="use lower case letters, digits and '-', and begin and end with a letter or digit",
    source="Kubernetes, Object Names and IDs; apimachinery pkg/api/validation",
)
def refused_name(model: Model) -> Iterator[Hit]:
    for item in model.all_items():
        if item.built.group in _FREE or item.built.origin.is_chart:
            continue
        for field in ("name", "namespace"):
            value = item.get("metadata", field)
            if not isinstance(value, str) or not value or _is_open(item, value):
                continue
            is_label = field == "namespace" or (item.built.group, item.built.kind) in _LABELS
            if problem := _problem(value, is_label):
                text = f"{item.title} has {field} '{value}', {problem}"
                yield Hit(item.at("metadata", field), text, subject=item.title)


_LABELS = frozenset({("", "Namespace"), ("", "Service")})


def _is_open(item: Item, value: str) -> bool:
    """Whether Flux may still replace a variable in a value."""
    return unresolved(value) and not item.root.complete


def _problem(value: str, is_label: bool) -> str:
    longest = _LONGEST_LABEL if is_label else _LONGEST_SUBDOMAIN
    if len(value) > longest:
        return f"which has {len(value)} characters, but {longest} are allowed"
    if unresolved(value):
        return "a variable that nothing replaces"
    if (_LABEL if is_label else _SUBDOMAIN).match(value):
        return ""
    odd = sorted(set(re.sub(r"[-a-z0-9]" if is_label else r"[-a-z0-9.]", "", value)))
    if odd:
        return f"which contains {', '.join(map(repr, odd))}"
    return "which does not begin and end with a letter or digit"
