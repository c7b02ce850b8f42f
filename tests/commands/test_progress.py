"""What is said on standard error while something takes long."""

from __future__ import annotations

import os
import pty
import re
import sys
import time

import pytest

from meshwright import progress
from meshwright.progress import doing, say, working


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_PATIENCE_SECONDS", 0.1)
    monkeypatch.setattr(progress._ProgressState, "said", "")


def test_a_log_gets_plain_lines_of_rare_work(capsys: pytest.CaptureFixture[str]) -> None:
    with working("reading"):
        with working("downloading helm", plain=True, done="downloaded helm"):
            time.sleep(0.3)
        time.sleep(0.2)

    assert capsys.readouterr().err == "downloading helm…\ndownloaded helm in 0 s\n"


def test_what_is_quick_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with working("downloading helm", plain=True, done="downloaded helm"):
        pass
    time.sleep(0.2)

    assert capsys.readouterr().err == ""


def test_what_fails_is_not_called_done(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        with working("building", plain=True, done="built"):
            time.sleep(0.2)
            raise KeyError

    with pytest.raises(KeyError):
        fail()

    assert capsys.readouterr().err == "building…\n"


def test_inner_work_is_what_is_being_done_until_it_ends() -> None:
    with working("reading"):
        say("building 3 roots")
        with working("downloading helm"):
            assert doing() == "downloading helm"
        assert doing() == "building 3 roots"
    assert doing() == ""


PROGRAM = """
import time
import rich.console, rich.progress
from meshwright import progress
progress._PATIENCE_SECONDS = 0.1
def wait():
    time.sleep(0.4)
    # The thread that draws ten times a second may get no turn on a busy machine.
    progress._ProgressState.line._progress.refresh()
with progress.working("reading"):
    while progress._ProgressState.line._progress is None:
        time.sleep(0.1)
    wait()
    progress.say("building [red]\\x1b]0;pwned\\x07")
    wait()
    with progress.working("downloading helm", plain=True, done="downloaded helm"):
        wait()
    wait()
"""


def test_a_terminal_gets_one_line_that_goes_away() -> None:
    parts: list[bytes] = []

    def read(handle: int) -> bytes:
        parts.append(os.read(handle, 65536))
        return parts[-1]

    before = os.environ.copy()
    os.environ |= {"TERM": "xterm-256color", "COLUMNS": "200"}
    out = os.dup(1)
    try:
        with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123
            os.dup2(nowhere.fileno(), 1)
            assert pty.spawn([sys.executable, "-c", PROGRAM], read) == 0
    finally:
        os.dup2(out, 1)
        os.close(out)
        os.environ.clear()
        os.environ.update(before)
    shown = b"".join(parts).decode()

    words = re.findall(r"reading|building \[red\]|downloading helm|downloaded helm(?= in \d s)", shown)
    assert list(dict.fromkeys(words)) == [
        "reading",
        "building [red]",
        "downloading helm",
        "downloaded helm",
    ]
    assert words[-1] == "building [red]", "the outer work goes on"
    assert "helm…" not in shown
    assert "\x1b]0;" not in shown
    assert re.search(r"0:00:\d\d", shown)
    assert shown.rstrip().endswith("\x1b[2K"), "the last thing is that the line is wiped out"
