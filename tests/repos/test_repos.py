"""Faulty repositories modelled on public ones give exactly these findings, and right ones none."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshwright.check import check_repository
from support.smallrepos import SmallRepository, check_out, load_small_repositories

FAULTY = load_small_repositories("faulty")
RIGHT = load_small_repositories("right")


@pytest.mark.parametrize("repository", FAULTY, ids=lambda repository: repository.name)
def test_faulty(repository: SmallRepository, tmp_path: Path) -> None:
    report = check_repository(check_out(repository, tmp_path))

    assert [f"{item.position} {item.id}" for item in report.findings] == list(repository.expect)
    assert repository.expect, "a faulty repository has a finding"


@pytest.mark.parametrize("repository", RIGHT, ids=lambda repository: repository.name)
def test_right(repository: SmallRepository, tmp_path: Path) -> None:
    report = check_repository(check_out(repository, tmp_path))

    assert [f"{item.position} {item.id}: {item.message}" for item in report.findings] == []


def test_there_are_enough() -> None:
    assert len(FAULTY) >= 30
    assert len(RIGHT) >= 10
