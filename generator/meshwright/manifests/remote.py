"""Recognizes entries that kustomize would fetch from the network.

kustomize decides by the form of an entry, before it looks at the disk (sigs.k8s.io/kustomize/api,
internal/git/repospec.go and internal/loader): a scheme, a user with a host, or github.com. Such an entry
is never passed to kustomize.
"""

from __future__ import annotations

import re

_SCHEME = re.compile(r"^(?:git::)?(?:https?|ssh|file)://", re.IGNORECASE)
_SCP = re.compile(r"^(?:git::)?[a-zA-Z][a-zA-Z0-9-]*@[^/:]*[:/]")
_GITHUB = re.compile(r"^(?:git::)?(?:[a-zA-Z][a-zA-Z0-9-]*@)?github\.com[/:]", re.IGNORECASE)


def is_remote(entry: str) -> bool:
    """Whether kustomize would use the network to load ``entry``."""
    return bool(_SCHEME.match(entry) or _SCP.match(entry) or _GITHUB.match(entry))
