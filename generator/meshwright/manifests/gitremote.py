"""Compares Git URLs with each other and with the remotes of a checkout."""

from __future__ import annotations

import re
from pathlib import Path

from meshwright.reading import read_small

_URL = re.compile(r"^[ \t]*url[ \t]*=[ \t]*(\S+)", re.MULTILINE)


def remotes(root: Path) -> set[str]:
    """The remotes of the checkout at ``root``, as returned by ``bare``; empty if it is not a checkout."""
    try:
        text = read_small(root / ".git" / "config").decode("utf-8", "replace")
    except OSError:
        return set()
    return {bare(url) for url in _URL.findall(text)} - {""}


def bare(url: str) -> str:
    """Host and path of a Git URL, for any protocol: ``git@host:a/b.git`` becomes ``host/a/b``."""
    rest = re.sub(r"^[a-z+]+://", "", url.strip())
    rest = re.sub(r"^[^@/]+@", "", rest)
    return re.sub(r":(?:\d+/)?", "/", rest).removesuffix("/").removesuffix(".git").lower()
