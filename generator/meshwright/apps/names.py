"""Names of applications: each becomes a folder, an object and part of others' names."""

from __future__ import annotations

import re
from collections.abc import Collection

LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?\Z")
# linkerd-gate-<app> must be a DNS label too.
LONGEST = 50
_RESERVED = frozenset({"flux-system", "platform", "apps", "argocd"})


def name_problem(name: str, layers: Collection[str]) -> str | None:
    """Why ``name`` cannot be an application's, None when it can."""
    if not LABEL.match(name):
        return "it is no DNS label: use a-z, 0-9 and '-', and begin and end with a letter or digit"
    if len(name) > LONGEST:
        return f"it has {len(name)} characters, and {LONGEST} is the most"
    if name in layers:
        return "a layer of the platform has that name"
    if name in _RESERVED:
        return "the name is the engine's own"
    return None
