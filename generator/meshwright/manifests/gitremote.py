"""Which URLs name one Git repository, and which name this checkout."""

from __future__ import annotations

import re
from pathlib import Path

from meshwright.reading import read_small

_URL = re.compile(r"^[ \t]*url[ \t]*=[ \t]*(\S+)", re.MULTILINE)


def remotes(root: Path) -> set[str]:
    """The remotes of the checkout at ``root``, as ``bare`` gives them; empty when it is none."""
    try:
        text = read_small(root / ".git" / "config").decode("utf-8", "replace")
    except OSError:
        return set()
    return {bare(url) for url in _URL.findall(text)} - {""}


def bare(url: str) -> str:
    """Host and path of a Git URL, whatever the protocol: ``git@host:a/b.git`` is ``host/a/b``."""
    rest = re.sub(r"^[a-z+]+://", "", url.strip())
    rest = re.sub(r"^[^@/]+@", "", rest)
    return re.sub(r":(?:\d+/)?", "/", rest).removesuffix("/").removesuffix(".git").lower()
