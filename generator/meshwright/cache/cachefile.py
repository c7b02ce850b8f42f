"""JSON files in the user's cache. None is needed: one that cannot be read or written costs only time."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from meshwright.cache.places import cache_root
from meshwright.cache.signature import digest
from meshwright.jsontext import parse_json
from meshwright.reading import open_regular
from meshwright.writing import Tree

T = TypeVar("T")

# Bytes of one file; more is neither written nor read.
_LARGEST = 64 * 2**20


class CacheFile:
    """What is remembered of one thing, as long as its signature stays the same."""

    def __init__(self, folder: str, *identity: str) -> None:
        """``identity`` says in ``folder`` of the cache what it is about. Raises as ``cache_root`` does."""
        self._root = cache_root()
        self._name = f"{folder}/{digest(identity)}.json"

    @property
    def path(self) -> Path:
        """The file; it need not exist."""
        return self._root / self._name

    def recall(self, signature: str, decode: Callable[[Any], T]) -> T | None:
        """What was kept under this signature, as ``decode`` reads it; None also for a file that is broken."""
        data = read_json(self.path)
        try:
            return decode(data["content"]) if data["signature"] == signature else None
        except (LookupError, TypeError, ValueError, AttributeError):
            return None

    def keep(self, signature: str, content: Any) -> bool:
        """Keep ``content`` in place of what is there; whether it could be written."""
        return write_json_atomically(self._root, self._name, {"signature": signature, "content": content})


def read_json(file: Path) -> Any:
    """The content of a JSON file; None when there is none, and for anything that is broken or a link."""
    try:
        with open_regular(file, _LARGEST) as opened:
            return parse_json(opened.read())
    except (OSError, ValueError):
        return None


def write_json_atomically(root: Path, path: str, data: Any) -> bool:
    """Write the file at ``path`` below ``root`` wholly or not at all; whether it could be written.

    ``root`` is made, and nothing goes through a link below it. A full disk raises nothing.
    """
    content = json.dumps(data, separators=(",", ":")).encode()
    if len(content) > _LARGEST:
        return False
    try:
        root.mkdir(parents=True, exist_ok=True)
        Tree(root).write(path, content)
    except OSError:
        return False
    return True
