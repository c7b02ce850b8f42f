"""However a command ends, the work tree and the index are as before or complete."""

from __future__ import annotations

import fcntl
import json
import os
import random
import shutil
import signal
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import pytest

from meshwright import programs
from meshwright.commands.update import update
from meshwright.errors import ExitCode, MeshwrightError
from meshwright.update import applier
from meshwright.update.plan import FOLDER, PLAN
from meshwright.update.project import Project, refuse_if_changed
from support.upgrades import Step, adopt, copy, git, make_template, release, take

pytestmark = pytest.mark.usefixtures("renders_here")

MANY = 40
STEPS = [{"write": {"file": f"template/many/{n}.yaml", "text": f"a: {n}\n"}} for n in range(MANY)]
NEXT: list[Step] = [
    *({"write": {"file": f"template/many/{n}.yaml", "text": f"b: {n}\n"}} for n in range(0, MANY, 2)),
    *({"delete": f"template/many/{n}.yaml"} for n in range(1, MANY, 4)),
    *({"write": {"file": f"template/new/{n}.yaml", "text": f"new: {n}\n"}} for n in range(MANY)),
]
State = tuple[str, dict[str, bytes]]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    template = make_template(tmp_path / "template", STEPS)
    made = adopt(copy(template, tmp_path / "cluster", {}, "v1.0.0"))
    take(made, [{"append": {"file": "README.md", "text": "\nmine\n"}}])
    git(made, "commit", "--quiet", "--all", "--message=mine")
    release(template, NEXT, "v2.0.0")
    return made


def state(repository: Path) -> State:
    files = {
        path.relative_to(repository).as_posix(): path.read_bytes()
        for path in repository.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(repository).parts
    }
    return git(repository, "ls-files", "--stage"), files


def settle(repository: Path) -> None:
    """Wait for the process that finishes what a killed command began: it holds the lock."""
    handle = os.open(repository / ".git", os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    os.close(handle)


def reset(repository: Path) -> None:
    git(repository, "reset", "--quiet", "--hard")
    git(repository, "clean", "-dqf")


def start_update(repository: Path, scratch: Path) -> int:
    """The process group of an update: the whole of it is killed."""
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        tempfile.tempdir = os.environ["TMPDIR"] = str(scratch)
        try:
            update(repository)
        finally:
            os._exit(0)
    return child


def kill_at_random_moments(repository: Path, scratch: Path, times: int) -> set[bool]:
    """Whether the update was complete, for each moment; fails when it was neither."""
    before = state(repository)
    start = time.monotonic()
    assert update(repository) is ExitCode.CLEAN
    lasts = time.monotonic() - start
    complete = state(repository)
    reset(repository)
    assert state(repository) == before != complete
    chooser = random.Random(20261125)
    seen = set()
    for _ in range(times):
        child = start_update(repository, scratch)
        time.sleep(chooser.uniform(0.2, 1.05) * lasts)
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
        settle(repository)
        found = state(repository)
        assert found in (before, complete)
        assert not (repository / ".git" / FOLDER).exists()
        assert not (repository / ".git/index.lock").exists()
        # git itself agrees with the index about the files.
        assert git(repository, "diff", "--name-only") == ""
        seen.add(found == complete)
        reset(repository)
    return seen


def test_killed_at_eight_moments(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "scratch").mkdir()

    kill_at_random_moments(repository, tmp_path / "scratch", 8)

    assert update(repository) is ExitCode.CLEAN


@pytest.mark.slow
def test_killed_at_a_hundred_moments(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "scratch").mkdir()

    assert kill_at_random_moments(repository, tmp_path / "scratch", 100) == {False, True}

    # What was rendered by the killed ones is gone as well.
    assert list((tmp_path / "scratch").iterdir()) == []


SLOW_GIT = """\
#!/bin/sh
case "$*" in
*"update-index -q --refresh"*)
  mkdir "{lock}.taken"
  sleep 1
  rmdir "{lock}.taken";;
esac
exec "{git}" "$@"
"""


def test_killed_while_git_refreshes_the_index(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, lock = shutil.which("git"), tmp_path / "index.lock"
    slow = tmp_path / "programs/git"
    slow.parent.mkdir()
    slow.write_text(SLOW_GIT.format(git=real, lock=lock), encoding="utf-8")
    slow.chmod(0o755)
    (tmp_path / "scratch").mkdir()
    taken = tmp_path / "index.lock.taken"
    with monkeypatch.context() as patch:
        patch.setenv("PATH", os.pathsep.join((str(slow.parent), os.environ["PATH"])))
        child = start_update(repository, tmp_path / "scratch")
        while not taken.exists():
            assert os.waitpid(child, os.WNOHANG) == (0, 0)
            time.sleep(0.01)
        os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)

    settle(repository)

    # A git that was killed as well would have left what it had taken.
    assert not taken.exists()
    assert git(repository, "diff-files", "--name-only") == ""


def interrupted(repository: Path, monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """An update whose applying process dies after some files, as in a power cut."""
    put, count = applier._write_file, iter(range(10**6))

    def until(staged: Path, target: Path) -> None:
        if next(count) == after:
            raise OSError(28, "No space left on device")
        put(staged, target)

    class Apart:
        """Carries the plan out in this process, where it can be stopped."""

        returncode = None

        def communicate(self, said: bytes) -> tuple[bytes, None]:
            self.returncode = 0
            if said == b"go\n":
                with pytest.raises(OSError, match="No space"):
                    applier.apply_plan(applier.CheckoutPaths(repository / ".git", repository))
                return b"No space left on device\n", None
            return b"", None

    with monkeypatch.context() as patch:
        patch.setattr(applier, "_write_file", until)
        really = programs.start
        patch.setattr(
            programs,
            "start",
            lambda words, **more: Apart() if "meshwright.update.applier" in words else really(words, **more),
        )
        with pytest.raises(MeshwrightError, match="No space left"):
            update(repository)


@pytest.mark.parametrize("after", [0, 1, 30])
def test_the_next_run_finishes_what_a_power_cut_left(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], after: int
) -> None:
    assert update(repository) is ExitCode.CLEAN
    complete = state(repository)
    reset(repository)
    interrupted(repository, monkeypatch, after)
    assert (repository / ".git" / FOLDER / PLAN).exists()
    assert state(repository) != complete

    # It is complete first; then there are changes that are not committed.
    with pytest.raises(MeshwrightError, match="uncommitted changes"):
        update(repository)

    assert "completed an update that had been interrupted" in capsys.readouterr().err
    assert state(repository) == complete
    assert not (repository / ".git/index.lock").exists()


def test_a_plan_that_was_never_finished_is_thrown_away(repository: Path) -> None:
    place = repository / ".git" / FOLDER
    place.mkdir()
    (place / "plan.json.new").write_text(json.dumps({}), encoding="utf-8")

    assert update(repository) is ExitCode.CLEAN

    assert not place.exists()


def test_a_file_changed_while_the_update_ran(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from meshwright.update import transaction

    def edit_first(project: Project) -> None:
        (repository / "README.md").write_text("edited meanwhile\n", encoding="utf-8")
        refuse_if_changed(project)

    monkeypatch.setattr(transaction, "refuse_if_changed", edit_first)

    with pytest.raises(MeshwrightError, match=r"README\.md: uncommitted changes"):
        update(repository)

    assert (repository / "README.md").read_text(encoding="utf-8") == "edited meanwhile\n"
    assert git(repository, "diff", "--cached", "--name-only") == ""
