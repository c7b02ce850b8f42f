"""What generate remembers of an unchanged repository, and what makes it read again."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from meshwright.apps import pipeline
from meshwright.errors import ExitCode
from support.fewapps import COUNT, FIRST, WIRING, Run, edit
from support.many_apps import add_app, app_name


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The runs that really did the work."""
    done: list[Path] = []
    really = pipeline.produce

    def counted(root: Path, *rest: Any, **named: Any) -> object:
        done.append(root)
        return really(root, *rest, **named)

    monkeypatch.setattr(pipeline, "produce", counted)
    return done


def test_an_unchanged_repository_is_read_once(run: Run, made: list[Path]) -> None:
    run(remember=True)
    assert run(remember=True)[1] == "6 applications: 0 written, 6 unchanged, 0 removed\n"
    assert run(check=True, remember=True)[0] is ExitCode.CLEAN
    assert len(made) == 1
    run()
    assert len(made) == 2, "--no-cache trusts nothing"


def _edit_behind_the_clock(repository: Path) -> None:
    file = repository / FIRST
    before = file.stat()
    edit(file, "kind", "kinx")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def _add(repository: Path) -> None:
    add_app(repository, COUNT, COUNT + 1)


def _remove(repository: Path) -> None:
    (repository / WIRING).unlink()


def _change_source(repository: Path) -> None:
    edit(repository / "apps" / app_name(2) / "deployment.yaml", "containerPort: 8080", "containerPort: 8081")


@pytest.mark.parametrize("change", [_edit_behind_the_clock, _add, _remove, _change_source])
def test_a_change_is_seen(
    change: Callable[[Path], None], repository: Path, run: Run, made: list[Path]
) -> None:
    run(remember=True)
    change(repository)
    run(remember=True)
    assert len(made) == 2


def test_what_is_stale_is_never_remembered(repository: Path, run: Run) -> None:
    run(remember=True)
    (repository / WIRING).unlink()
    for _ in range(2):
        assert run(check=True, remember=True)[0] is ExitCode.FINDINGS


def test_a_damaged_cache_costs_time_only(run: Run, made: list[Path], tmp_path: Path) -> None:
    run(remember=True)
    for file in (tmp_path / "cache/generated").iterdir():
        file.write_text(file.read_text(encoding="utf-8")[:-20], encoding="utf-8")
    assert run(remember=True)[0] is ExitCode.CLEAN
    assert len(made) == 2


def test_a_cache_that_cannot_be_written_costs_time_only(run: Run, made: list[Path], tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where a folder should be", encoding="utf-8")
    assert [run(remember=True)[0], run(remember=True)[0]] == [ExitCode.CLEAN] * 2
    assert len(made) == 2
