"""Options and fixtures that every test may use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from support import frugaltools, rendershere, swiftcopier
from support.sharedrenders import SharedRenders, render_anew

ROOT = Path(__file__).resolve().parents[1]
# Scenarios on real engines: make e2e, with an environment and options of their own.
collect_ignore = ["engine/scenarios"]
# How long an example takes says how busy the machine is.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


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
def less_work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Copier and the tools do in this process what they always do, with less processor time.

    Tests that start a process run both as they are; test_swift_copier_renders_the_same compares the two.
    """
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        # Each worker has a folder in that of the run.
        folder = folder.parent
    shared = folder / "renders"
    shared.mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        swiftcopier.install(patch)
        frugaltools.install(patch)
        SharedRenders(shared).install(patch)
        yield


@pytest.fixture
def renders_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Copier renders the template for each call, for tests that compare two renders."""
    render_anew(monkeypatch)


@pytest.fixture
def renders_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """No process of its own for the renderer of updates: a second less a test. Others run it as it is."""
    rendershere.install(monkeypatch)
