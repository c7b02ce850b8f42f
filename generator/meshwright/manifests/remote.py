"""Which entries of a kustomization kustomize would fetch from the network.

Kustomize takes an entry for remote before it looks at the disk, by its form alone
(sigs.k8s.io/kustomize/api, internal/git/repospec.go and internal/loader): a scheme, a user with a
host, or github.com. An entry of such a form is never handed to kustomize here.
"""

from __future__ import annotations

import re

_SCHEME = re.compile(r"^(?:git::)?(?:https?|ssh|file)://", re.IGNORECASE)
_SCP = re.compile(r"^(?:git::)?[a-zA-Z][a-zA-Z0-9-]*@[^/:]*[:/]")
_GITHUB = re.compile(r"^(?:git::)?(?:[a-zA-Z][a-zA-Z0-9-]*@)?github\.com[/:]", re.IGNORECASE)


def is_remote(entry: str) -> bool:
    """Whether kustomize would reach for the network to load ``entry``."""
    return bool(_SCHEME.match(entry) or _SCP.match(entry) or _GITHUB.match(entry))
