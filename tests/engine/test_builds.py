"""When programs are built, and when nothing waits for it."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from engine import builds


def test_programs_that_are_there_are_given_while_another_run_builds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wait(*_: object) -> None:
        raise AssertionError("waited for the build of another run")

    (tmp_path / "inject").touch()
    monkeypatch.setattr(builds, "binary", lambda name: tmp_path / name)
    monkeypatch.setattr(fcntl, "flock", wait)

    assert builds.build(("inject",)) == {"inject": tmp_path / "inject"}
    with pytest.raises(AssertionError):
        builds.build(("inject", "podsecurity"))
