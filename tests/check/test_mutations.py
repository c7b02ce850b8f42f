"""Broken repositories without end: a check answers each of them, in time, and touches nothing."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from meshwright.check import check_repository
from meshwright.check.output import github, json_output, junit, sarif, text
from meshwright.errors import MeshwrightError
from support.mutations import make_mutant, sources
from support.writes import watched_writes

_DEFAULT, _ALL, _CHUNK = 150, 10_000, 50
# Seconds of processor time, children included: other tests on the machine do not count.
_SECONDS = 10.0
_HANGS = 60


class _Hung(BaseException):
    pass


@pytest.fixture(scope="module")
def originals() -> list[dict[str, bytes]]:
    return sources()


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The only folder that a check may write to."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))

    def hung(*_: object) -> None:
        raise _Hung

    before = signal.signal(signal.SIGALRM, hung)
    yield folder
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def _state(root: Path) -> dict[str, tuple[int, int, int]]:
    found = {}
    for folder, folders, files in os.walk(root):
        for name in (*folders, *files):
            path = os.path.join(folder, name)  # noqa: PTH118 - names that are no text
            state = os.lstat(path)
            found[path] = (state.st_size, state.st_mtime_ns, state.st_mode)
    return found


def _check(root: Path, order: bool) -> None:
    """The whole of a check, in every format. A user's mistake is one line."""
    said = ""
    try:
        report = check_repository(root, order=order)
    except MeshwrightError as error:
        said = str(error)
    assert "\n" not in said
    if said:
        return
    for finding in report.findings:
        assert "\n" not in finding.message
    shown = text.render(report, source=root)
    assert all(line.replace("\t", "").isprintable() for line in shown.splitlines())
    for output in (json_output, sarif, junit, github):
        assert output.render(report).encode("utf-8")


def _run(seeds: range, originals: list[dict[str, bytes]], scratch: Path, tmp_path: Path) -> None:
    for seed in seeds:
        root = tmp_path / "repository"
        root.mkdir()
        done = make_mutant(seed, originals, root)
        before, start = _state(root), sum(os.times()[:4])
        signal.alarm(_HANGS)
        try:
            with watched_writes() as written:
                _check(root, order=seed % 3 == 0)
        except BaseException as error:
            raise AssertionError(f"seed {seed} ({done}): {type(error).__name__}: {error}") from error
        finally:
            signal.alarm(0)
        seconds = sum(os.times()[:4]) - start
        outside = [path for path in written if not path.startswith((str(scratch), "/dev/null"))]
        assert not outside, f"seed {seed} ({done}): wrote {outside[:3]}"
        assert _state(root) == before, f"seed {seed} ({done}): the repository has changed"
        assert not list(scratch.iterdir()), f"seed {seed} ({done}): left something behind"
        assert seconds < _SECONDS, f"seed {seed} ({done}): took {seconds:.1f} s"
        shutil.rmtree(root)


@pytest.mark.parametrize("first", range(0, _DEFAULT, _CHUNK))
def test_some(first: int, originals: list[dict[str, bytes]], scratch: Path, tmp_path: Path) -> None:
    _run(range(first, first + _CHUNK), originals, scratch, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(_DEFAULT, _ALL, _CHUNK))
def test_all(first: int, originals: list[dict[str, bytes]], scratch: Path, tmp_path: Path) -> None:
    _run(range(first, first + _CHUNK), originals, scratch, tmp_path)
