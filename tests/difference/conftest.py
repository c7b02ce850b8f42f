"""Two states of a small repository."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from meshwright.difference import Difference, compare, text
from support.repositories import write

Files = Mapping[str, str | None]
Compare = Callable[[Mapping[str, str], Files], Difference]


@pytest.fixture
def changes(tmp_path: Path) -> Compare:
    """Compares a repository with itself after some files were written, or removed where the text is None."""

    def compared(files: Mapping[str, str], edits: Files) -> Difference:
        kept = {path: content for path, content in {**files, **edits}.items() if content is not None}
        return compare(write(tmp_path / "old", files), write(tmp_path / "new", kept))

    return compared


@pytest.fixture
def told(changes: Compare) -> Callable[[Mapping[str, str], Files], list[str]]:
    """The same as the lines that people get."""
    return lambda files, edits: text.render(changes(files, edits)).splitlines()
