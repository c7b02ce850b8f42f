"""Edits the label by which a Bundle selects further anchors, on the Secret of a Certificate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from meshwright.trust.rotation import Rotation
from meshwright.yaml.edit import YamlText
from meshwright.yaml.pointer import holds, value_at

_LABELS = ("spec", "secretTemplate", "labels")


def selector_labels(rotation: Rotation) -> Mapping[str, str]:
    """The labels by which the Bundle selects further anchors; empty if it names each."""
    assert rotation.chain.bundle is not None
    for source in rotation.chain.bundle.list("spec", "sources"):
        secret = source.get("secret") if isinstance(source, dict) else None
        selector = secret.get("selector") if isinstance(secret, dict) else None
        labels = selector.get("matchLabels") if isinstance(selector, dict) else None
        if isinstance(labels, dict) and labels and secret is not None and secret.get("key") == "tls.crt":
            return {str(key): str(value) for key, value in labels.items()}
    return {}


def label(text: YamlText, key: str, value: str) -> YamlText:
    """Add the label to the Secret template of a Certificate."""
    data = text.documents()[0].data
    for depth in range(len(_LABELS), 0, -1):
        if holds(data, _LABELS[:depth]):
            rest: Any = value
            for step in reversed((*_LABELS[depth:], key)):
                rest = {step: rest}
            ((first, inner),) = rest.items()
            return text.add(0, _LABELS[:depth], first, inner)
    return text


def unlabel(text: YamlText, key: str) -> YamlText:
    """Remove the label from the Secret template of a Certificate, with mappings that become empty."""
    data = text.documents()[0].data
    if not holds(data, (*_LABELS, key)):
        return text
    pointer: tuple[str, ...] = (*_LABELS, key)
    while len(pointer) > 2 and len(value_at(data, pointer[:-1])) == 1:
        pointer = pointer[:-1]
    return text.remove(0, pointer)
