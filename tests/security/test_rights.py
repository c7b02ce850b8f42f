"""A tree that may only be read: an answer or one line, nothing half-done."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from security.surroundings import (
    COMMANDS,
    FINDINGS,
    WRITING,
    assert_one_line,
    files,
    findings,
    meshwright,
)
from support.owntools import own_tools


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A folder that everybody may enter: any other run of pytest takes that right from pytest's own."""
    with tempfile.TemporaryDirectory(prefix="meshwright-rights-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(scope="module")
def tools(place: Path) -> dict[str, str]:
    return own_tools(place / "tools")


@pytest.fixture
def repository(made: Path, place: Path) -> Path:
    folder = Path(tempfile.mkdtemp(dir=place))
    folder.chmod(0o755)
    shutil.copytree(made, folder / "repository")
    return folder / "repository"


@contextmanager
def as_nobody(repository: Path) -> Iterator[tuple[str, ...]]:
    """The words before a command that is to run as an ordinary user who may read all and write nothing."""
    if os.getuid() == 0:
        if not (program := shutil.which("setpriv")):
            pytest.skip("there is no setpriv")
        probe = [program, "--reuid", "65534", "--regid", "65534", "--clear-groups"]
        look = "import meshwright, os, sys; os.scandir(sys.argv[1])"
        usable = [*probe, sys.executable, "-c", look, str(repository)]
        if subprocess.run(usable, capture_output=True, check=False).returncode:
            pytest.skip("an ordinary user cannot read this Python")
        yield tuple(probe)
        return
    paths = [repository, *(path for path in repository.rglob("*") if path.is_dir())]
    for path in paths:
        path.chmod(0o555)
    try:
        yield ()
    finally:
        for path in paths:
            path.chmod(0o755)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_tree_that_may_only_be_read(name: str, repository: Path, tools: dict[str, str]) -> None:
    before = files(repository)
    with as_nobody(repository) as prefix:
        more = {**tools, "HOME": "/nonexistent"}
        done = meshwright(repository, COMMANDS[name], prefix=prefix, more=more)
    assert files(repository) == before
    if name in ("baseline", "generate", "add"):
        assert_one_line(done)
        assert "ermission denied" in done.stderr
    elif done.returncode == 2:
        # Git does not trust another user's checkout.
        assert_one_line(done)
        assert name in ("diff", "graph", "rotate", "explain"), done.stderr + done.stdout
    elif name == "check":
        assert (done.returncode, findings(done)) == (1, FINDINGS)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_read_only_file_system(name: str, repository: Path) -> None:
    before = files(repository)
    bind = ["mount", "--bind", str(repository), str(repository)]
    if os.getuid() or subprocess.run(bind, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a file system")
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", str(repository)], check=True, capture_output=True)
        done = meshwright(repository, COMMANDS[name])
    finally:
        subprocess.run(["umount", str(repository)], check=True)
    assert files(repository) == before
    if name in WRITING:
        assert_one_line(done)
        assert "Read-only file system" in done.stderr
    else:
        assert done.returncode in (0, 1) or name == "explain"
    if name == "check":
        assert (done.returncode, findings(done)) == (1, FINDINGS)


def test_a_user_without_any_home_writes_no_folder_into_the_tree(
    repository: Path, tools: dict[str, str]
) -> None:
    with as_nobody(repository) as prefix:
        if not prefix:
            pytest.skip("only root can be somebody else")
        shutil.rmtree(repository / ".git")
        before = files(repository)
        done = meshwright(
            repository,
            ("check", "."),
            prefix=("env", "-C", str(repository), *prefix),
            without=("HOME", "XDG_CACHE_HOME", "MESHWRIGHT_CACHE"),
            more=tools,
        )
    assert done.returncode in (0, 1, 2)
    assert files(repository) == before
