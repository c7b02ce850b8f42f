"""Options and fixtures that every test may use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from copier import _main

ROOT = Path(__file__).resolve().parents[1]
# Scenarios on real engines: make e2e, with an environment and options of their own.
collect_ignore = ["engine/scenarios"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--all-configurations",
        action="store_true",
        help="1,000 random configurations of the template instead of 100",
    )


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout that is tested."""
    return ROOT


@pytest.fixture
def swift_copier(monkeypatch: pytest.MonkeyPatch) -> None:
    """Copier without a `git config` process a file and with libyaml: half the time, the same files.

    The other tests render with Copier as it is; test_swift_copier_renders_the_same holds the two together.
    """

    def load(stream: Any) -> Any:
        return yaml.load(stream, Loader=yaml.CSafeLoader)

    monkeypatch.setattr(yaml, "safe_load", load)
    monkeypatch.setattr(_main.Worker, "_sync_git_index_executable_bit", lambda *_, **__: None)
