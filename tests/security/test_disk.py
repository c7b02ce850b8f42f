"""A full disk, files that may not grow, output that nobody takes: one line, and nothing half-done."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from security.surroundings import COMMANDS, FINDINGS, WRITING, assert_one_line, files, findings, meshwright


@contextmanager
def tiny_disk(place: Path, size: str = "256k") -> Iterator[Path]:
    """A file system of that size."""
    place.mkdir(exist_ok=True)
    options = ["-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
    try:
        mounted = subprocess.run(["mount", *options], capture_output=True, check=False).returncode == 0
    except OSError:
        mounted = False
    if not mounted:
        pytest.skip("only root may mount a file system")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def fill(place: Path) -> None:
    with (place / "filler").open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"x" * 4096)
    assert not shutil.disk_usage(place).free


@pytest.mark.parametrize("name", COMMANDS)
def test_no_room_for_temporary_files(name: str, repository: Path, tmp_path: Path) -> None:
    before = files(repository)
    with tiny_disk(tmp_path / "tiny") as place:
        fill(place)
        done = meshwright(repository, COMMANDS[name], more={"TMPDIR": str(place)})
    if done.returncode not in (0, 1):
        assert_one_line(done)
        assert files(repository) == before
    # What needs no room works.
    assert name in ("check", "baseline", "diff", "trust", "rotate", "explain", "add") or done.returncode in (
        0,
        1,
    )
    if done.returncode == 1:
        assert name in ("list", "check", "generate check"), "1 is for findings alone"
    if name == "check" and done.returncode != 2:
        assert (done.returncode, findings(done)) == (1, FINDINGS)


@pytest.mark.parametrize("name", WRITING)
def test_no_room_in_the_repository(name: str, made: Path, tmp_path: Path) -> None:
    """All or nothing: what is there afterwards is the old or the new file, at every place."""
    cache = tmp_path / "cache"
    with tiny_disk(tmp_path / "tiny", "8m") as place:
        root = place / "repository"
        shutil.copytree(made, root)
        fill(place)
        before = files(root)
        done = meshwright(
            root, COMMANDS[name], more={"MESHWRIGHT_CACHE": str(cache), "TMPDIR": str(tmp_path)}
        )
        assert_one_line(done)
        assert files(root) == before
        assert not list(root.rglob(".meshwright-????????????????"))


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("most", [0, 100, 4096])
def test_files_may_not_grow(name: str, most: int, repository: Path) -> None:
    """A full disk for anybody: the limit of a file's size."""
    before = files(repository)

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    done = meshwright(repository, COMMANDS[name], before=limit)

    if done.returncode == 2:
        assert_one_line(done)
        assert files(repository) == before
    else:
        assert done.returncode == 0 or name in ("list", "generate check")


def test_nobody_reads_the_output(repository: Path) -> None:
    """A closed pipe is silent, and its code is a shell's own for SIGPIPE."""
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "meshwright", "check", str(repository)]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (128 + signal.SIGPIPE, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("form", ["text", "json"])
def test_the_output_cannot_be_written(form: str, repository: Path) -> None:
    command = [sys.executable, "-m", "meshwright", "check", "--format", form, str(repository)]
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "No space left on device" in done.stderr
