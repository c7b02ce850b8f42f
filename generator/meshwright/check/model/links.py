"""Links to other clusters, as several rules read them."""

from __future__ import annotations

from typing import Any

from meshwright.check.model.index import Item, Model

SELECTORS = ("selector", "remoteDiscoverySelector", "federatedServiceSelector")


def links(model: Model) -> list[Item]:
    """Every Link."""
    return model.items("Link", "multicluster.linkerd.io")


def is_literal(value: Any) -> bool:
    """Whether a value is text that no variable replaces."""
    return isinstance(value, str) and value != "" and "$" not in value
