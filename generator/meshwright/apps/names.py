"""Names of applications, which become folders, objects and parts of other names."""

from __future__ import annotations

import re
from collections.abc import Collection

LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?\Z")
# linkerd-gate-<app> must be a DNS label too.
MAX_LENGTH = 50
_RESERVED = frozenset({"flux-system", "platform", "apps", "argocd"})


def name_problem(name: str, layers: Collection[str]) -> str | None:
    """Why ``name`` cannot be an application's name; None if it can."""
    if not LABEL.match(name):
        return "it is not a DNS label: use a-z, 0-9 and '-', and start and end with a letter or digit"
    if len(name) > MAX_LENGTH:
        return f"it has {len(name)} characters; the limit is {MAX_LENGTH}"
    if name in layers:
        return "a platform layer has this name"
    if name in _RESERVED:
        return "the name is reserved for the engine"
    return None
