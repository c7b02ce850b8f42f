"""What the tests of new repositories share."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.publicrepository import Public, stand_in


@pytest.fixture
def public(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Public:
    """The public repository, released as v0.1.0."""
    return stand_in(root, tmp_path, monkeypatch)
