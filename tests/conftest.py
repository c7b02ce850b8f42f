"""Options and fixtures that every test may use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support import frugaltools, swiftcopier

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


@pytest.fixture(scope="session", autouse=True)
def less_work() -> Iterator[None]:
    """Copier and the tools do in this process what they always do, with less processor time.

    Tests that start a process run both as they are; test_swift_copier_renders_the_same compares the two.
    """
    with pytest.MonkeyPatch.context() as patch:
        swiftcopier.install(patch)
        frugaltools.install(patch)
        yield
