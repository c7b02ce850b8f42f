"""The canaries of each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from security.hostile import Canaries, canaries


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Canaries]:
    """An empty repository, and what shows that something of it reached the machine."""
    with canaries(tmp_path) as found:
        yield found
