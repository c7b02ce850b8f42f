"""A stand-in for the public repository, which its URL leads to on this machine."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from meshwright.scaffold import PUBLISHED_SOURCE
from support.upgrades import real_template


@dataclass(frozen=True)
class Public:
    """A stand-in for the public repository, released as v0.1.0, and variables that lead git to it."""

    folder: Path
    environment: dict[str, str]


def stand_in(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Public:
    """The public URL leads to a repository of this machine, for this process too."""
    folder = real_template(tmp_path / "public", root)
    config = tmp_path / "gitconfig"
    config.write_text(
        f'[url "file://{folder}"]\n  insteadOf = {PUBLISHED_SOURCE}\n'
        "[user]\n  name = Ada\n  email = ada@example.org\n",
        encoding="utf-8",
    )
    own = {
        "GIT_CONFIG_GLOBAL": str(config),
        "COPIER_CACHE_DIR": str(tmp_path / "copier-cache"),
        "MESHWRIGHT_CACHE": str(tmp_path / "cache"),
    }
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    return Public(folder, {**os.environ, **own})
