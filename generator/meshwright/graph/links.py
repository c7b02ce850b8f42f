"""Deep links into a page: each thing's fragment, which a browser finds without decoding it."""

from __future__ import annotations

from urllib.parse import quote


def fragment(kind: str, *names: str) -> str:
    """Such as ``unit=clusters/pi/Kustomization/flux-system/demo``; every other character is encoded."""
    return f"{kind}={'/'.join(quote(name, safe='/-._~') for name in names if name)}"
