"""Ctrl-C at any moment: either the whole repository is there, or nothing."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

# A shell lets programs in the background ignore SIGINT, and so would this one's children.
LISTENING = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from meshwright.cli import main
sys.argv[0] = "meshwright"
main()
"""
COMMAND = [sys.executable, "-c", LISTENING, "new", "a/home", "--defaults", "--no-check"]


def interrupted_at(folder: Path, files: int) -> int:
    """The status of a command that got SIGINT when so many files had been rendered."""
    process = subprocess.Popen(COMMAND, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None:
        # It stands still while its files are counted, however busy the machine is.
        process.send_signal(signal.SIGSTOP)
        found = sum(1 for path in folder.rglob("*") if path.is_file())
        if found >= files:
            process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGCONT)
        if found >= files:
            break
        time.sleep(0.001)
    return process.wait(timeout=60)


@pytest.mark.parametrize(
    "files", [pytest.param(1, marks=pytest.mark.long), 20, pytest.param(70, marks=pytest.mark.long)]
)
def test_nothing_is_left(files: int, tmp_path: Path) -> None:
    for attempt in range(10):
        folder = tmp_path / str(attempt)
        folder.mkdir()
        status = interrupted_at(folder, files)
        if status:
            assert (status, [str(path) for path in folder.rglob("*")]) == (130, [])
            return
        # It was done before the signal came.
        assert (folder / "a/home/README.md").is_file()
        assert (folder / "a/home/.copier-answers.yml").is_file()
    pytest.fail("each time the command ended before it was interrupted")
