"""kill -9 in the window in which an update writes: the old files or the new ones, no others.

A hook counts what the process does to files, and kills it before the n-th.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from meshwright import programs
from meshwright.commands.update import update
from meshwright.errors import ExitCode, MeshwrightError
from meshwright.update import applier
from meshwright.update.plan import FOLDER
from support.upgrades import adopt, copy, git, make_template, release, take
from update.test_transaction import NEXT, STEPS, State, state

pytestmark = pytest.mark.usefixtures("renders_here")

# What changes files, wherever it is called from.
CALLS = ("replace", "rename", "unlink", "link", "rmdir", "mkdir", "open")


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, State, State]:
    """A checkout in which an update is about to write; its state before, and when it is complete."""
    place = tmp_path_factory.mktemp("killed")
    template = make_template(place / "template", STEPS)
    made = adopt(copy(template, place / "cluster", {}, "v1.0.0"))
    take(made, [{"append": {"file": "README.md", "text": "\nmine\n"}}])
    git(made, "commit", "--quiet", "--all", "--message=mine")
    release(template, NEXT, "v2.0.0")
    before = state(made)

    class Stopped:
        """Stands in for the process that writes: it never does."""

        returncode = None

        def communicate(self, said: bytes) -> tuple[bytes, None]:
            self.returncode = 0
            if said == b"go\n":
                shutil.copytree(made, place / "ready", symlinks=True)
                applier.apply_plan(applier.CheckoutPaths(made / ".git", made))
            return b"", None

    really = programs.start
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            programs,
            "start",
            lambda words, **more: (
                Stopped() if "meshwright.update.applier" in words else really(words, **more)
            ),
        )
        assert update(made) is ExitCode.CLEAN
    complete = state(made)
    assert complete != before
    return place / "ready", before, complete


def count_down(number: int, done: Callable[[], None]) -> None:
    """Let this process call ``done`` before its ``number``-th change of a file."""
    left = [number]

    def counted(really: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **more: Any) -> Any:
            left[0] -= 1
            if left[0] < 0:
                done()
            return really(*arguments, **more)

        return call

    for name in CALLS:
        setattr(os, name, counted(getattr(os, name)))


def killed_at(repository: Path, number: int) -> bool:
    """Carry the update out in a process that dies before its n-th step; whether there was such a step."""
    child = os.fork()
    if child == 0:
        try:
            count_down(number, lambda: os.kill(os.getpid(), signal.SIGKILL))
            applier.apply_plan(applier.CheckoutPaths(repository / ".git", repository))
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def steps(ready: Path, tmp_path: Path) -> int:
    """How many there are."""
    repository = Path(shutil.copytree(ready, tmp_path / "counted", symlinks=True))
    reading, writing = os.pipe()
    if os.fork() == 0:
        seen = [0]

        def one() -> None:
            seen[0] += 1

        count_down(0, one)
        applier.apply_plan(applier.CheckoutPaths(repository / ".git", repository))
        os.write(writing, str(seen[0]).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        found = int(pipe.read())
    os.wait()
    return found


def assert_whole(ready: tuple[Path, State, State], tmp_path: Path, number: int) -> bool:
    """Kill at a step and run again; whether the files were half written in between."""
    folder, before, complete = ready
    repository = Path(shutil.copytree(folder, tmp_path / str(number), symlinks=True))
    assert killed_at(repository, number)
    half = state(repository) not in (before, complete)

    with pytest.raises(MeshwrightError, match="uncommitted changes"):
        update(repository)

    assert state(repository) == complete
    assert not (repository / ".git/index.lock").exists()
    assert not (repository / ".git" / FOLDER).exists()
    assert git(repository, "diff", "--name-only") == ""
    shutil.rmtree(repository)
    return half


def chosen(total: int, times: int) -> list[int]:
    """As many steps as asked for, the first and the last few among them, the others spread evenly."""
    ends = [*range(min(total, 5)), *range(max(total - 8, 0), total)]
    return sorted({*ends, *(total * n // times for n in range(times))})


def test_killed_at_some_steps(ready: tuple[Path, State, State], tmp_path: Path) -> None:
    total = steps(ready[0], tmp_path)
    assert total > 100

    seen = [assert_whole(ready, tmp_path, number) for number in chosen(total, 4)]

    assert set(seen) == {False, True}, "in the middle of it the files are neither"


@pytest.mark.slow
def test_killed_at_a_hundred_steps(ready: tuple[Path, State, State], tmp_path: Path) -> None:
    numbers = chosen(steps(ready[0], tmp_path), 100)
    assert len(numbers) >= 100

    assert sum(assert_whole(ready, tmp_path, number) for number in numbers) > 50


def test_killed_twice(ready: tuple[Path, State, State], tmp_path: Path) -> None:
    """The run that finishes it may be killed as well."""
    folder, _, complete = ready
    repository = Path(shutil.copytree(folder, tmp_path / "twice", symlinks=True))
    for number in (30, 20, 60):
        assert killed_at(repository, number)

    with pytest.raises(MeshwrightError, match="uncommitted changes"):
        update(repository)

    assert state(repository) == complete
