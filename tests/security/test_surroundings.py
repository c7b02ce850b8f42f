"""A machine that is full, forbids or lacks something: an answer or one line, nothing half-done."""

from __future__ import annotations

import os
import re
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from meshwright import ending
from meshwright.errors import DEBUG
from support.many_apps import add_app, make_repository
from support.owntools import own_tools

COMMANDS = {
    "check": ("check", "--no-cache", "{}"),
    "baseline": ("check", "--no-cache", "--write-baseline", "{}"),
    "diff": ("diff", "-C", "{}"),
    "graph": ("graph", "--since", "HEAD", "--format", "json", "{}"),
    "generate": ("generate", "--no-cache", "--force", "{}"),
    "generate check": ("generate", "--check", "{}"),
    "add": ("app", "add", "app-00009", "--yes", "-C", "{}"),
    "list": ("app", "list", "-C", "{}"),
    "trust": ("trust", "{}"),
    "rotate": ("trust", "rotate", "--stage", "1", "{}"),
    "explain": ("explain", "apps", "x", "-C", "{}"),
}
WRITING = ("baseline", "generate", "add", "rotate")
# What a check finds in the repository of these tests: both overlays are old, and nothing applies app-00009.
FINDINGS = ["generate/stale", "generate/stale", "layout/unapplied"]
TOOLS: dict[str, str] = {}
Done = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository in which every command has something to do, and tools that everybody may run."""
    place = tmp_path_factory.mktemp("surroundings")
    TOOLS.update(own_tools(place / "tools"))
    root = make_repository(place / "repository", 2)
    assert meshwright(root, COMMANDS["generate"]).returncode == 0
    for number in range(2):
        add_app(root, number, 2, generation=1)
    (add_app(root, 9, 10) / "mesh.yaml").unlink()
    git = ("git", "-c", "user.name=Test", "-c", "user.email=test@example.org")
    for command in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "state")):
        subprocess.run([*git, *command], cwd=root, check=True, capture_output=True)
    return root


@pytest.fixture
def repository(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "repository")
    return tmp_path / "repository"


def meshwright(
    repository: Path,
    command: tuple[str, ...],
    *,
    before: Callable[[], None] | None = None,
    prefix: tuple[str, ...] = (),
    without: tuple[str, ...] = (),
    more: Mapping[str, str] = MappingProxyType({}),
) -> Done:
    variables = {**os.environ, **TOOLS, "MESHWRIGHT_CACHE": str(repository.parent / "cache"), **more}
    for name in without:
        variables.pop(name, None)
    words = [word.format(repository) for word in command]
    done = subprocess.run(
        [*prefix, sys.executable, "-m", "meshwright", *words],
        env=variables,
        cwd=repository.parent if os.access(repository.parent, os.X_OK) else "/",
        capture_output=True,
        text=True,
        errors="surrogateescape",
        timeout=120,
        check=False,
        preexec_fn=before,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


def files(repository: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(repository)): path.read_bytes()
        for path in sorted(repository.rglob("*"))
        if path.is_file() and ".git/" not in str(path)
    }


def findings(done: Done) -> list[str]:
    """The rules that a check's text names, in its order."""
    return re.findall(r"^\S+: (?:error|warning|info): .* \[([\w/-]+)\]$", done.stdout, re.MULTILINE)


def assert_one_line(done: Done) -> None:
    assert done.returncode == 2, (done.stdout[-500:], done.stderr)
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("meshwright: ")


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


@contextmanager
def as_nobody(repository: Path) -> Iterator[tuple[str, ...]]:
    """The words before a command that is to run as an ordinary user who may read all and write nothing."""
    if os.getuid() == 0:
        if not (program := shutil.which("setpriv")):
            pytest.skip("there is no setpriv")
        probe = [program, "--reuid", "65534", "--regid", "65534", "--clear-groups"]
        for folder in (*repository.parents[:-2], *Path(next(iter(TOOLS.values()))).parents[:-2]):
            folder.chmod(folder.stat().st_mode | 0o055)
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
def test_a_tree_that_may_only_be_read(name: str, repository: Path) -> None:
    before = files(repository)
    with as_nobody(repository) as prefix:
        done = meshwright(repository, COMMANDS[name], prefix=prefix, more={"HOME": "/nonexistent"})
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


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("lacking", ["TMPDIR", "HOME", "locale", "PATH"])
def test_something_is_missing(name: str, lacking: str, repository: Path) -> None:
    without: tuple[str, ...] = ()
    more: dict[str, str] = {}
    match lacking:
        case "TMPDIR":
            more = {"TMPDIR": "/nonexistent/folder"}
        case "HOME":
            without = ("HOME", "XDG_CACHE_HOME", "USER", "LOGNAME")
        case "locale":
            without = ("LC_ALL", "PYTHONUTF8")
            more = {"LANG": "C", "LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
        case "PATH":
            more = {"PATH": "/nonexistent"}
    done = meshwright(repository, COMMANDS[name], without=without, more=more)
    if lacking == "PATH" and done.returncode == 2:
        assert_one_line(done)
    else:
        assert done.returncode == 0 or name in ("list", "check", "generate check", "explain"), done.stderr
        if name == "check":
            assert (done.returncode, findings(done)) == (1, FINDINGS)
    assert not list(repository.parent.glob("~*"))


def test_a_user_without_any_home_writes_no_folder_into_the_tree(repository: Path) -> None:
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
        )
    assert done.returncode in (0, 1, 2)
    assert files(repository) == before


def test_names_that_are_no_text(repository: Path) -> None:
    for odd in (b"caf\xe9.yaml", b"\xff\xfe", b"a\nb.yaml"):
        (repository / "apps" / os.fsdecode(odd)).write_text("a: [\n", encoding="utf-8")
    for name, command in COMMANDS.items():
        done = meshwright(repository, command)
        assert done.returncode == 0 or name in ("list", "generate check", "explain", "check", "rotate"), (
            name,
            done.stderr,
        )


def test_windows_line_ends_are_no_change(made: Path, tmp_path: Path) -> None:
    root = tmp_path / "repository"
    shutil.copytree(made, root, ignore=shutil.ignore_patterns(".git"))
    assert meshwright(root, COMMANDS["generate"]).returncode == 0
    for path in root.rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert meshwright(root, COMMANDS["generate check"]).returncode == 0
    checked = meshwright(root, COMMANDS["check"])
    assert (checked.returncode, findings(checked)) == (1, ["layout/unapplied"])
    assert "\napps/app-00009: error: " in checked.stdout
    assert checked.stdout.endswith("\n1 error, 0 warnings\n")
    for name in ("list", "trust", "add", "baseline"):
        assert meshwright(root, COMMANDS[name]).returncode == 0, name


def test_four_commands_at_once(repository: Path) -> None:
    words = [COMMANDS[name] for name in ("generate", "generate", "add", "check")] * 2
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "meshwright", *(word.format(repository) for word in command)],
            env={**os.environ, **TOOLS, "MESHWRIGHT_CACHE": str(repository.parent / "cache")},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for command in words
    ]
    ended = [(process.communicate(timeout=200), process.returncode) for process in running]
    for command, ((out, stderr), code) in zip(words, ended, strict=True):
        assert "Traceback" not in stderr
        if command[0] == "check":
            assert code in (0, 1), (out, stderr)
        elif code:
            assert command[0] == "app", (out, stderr)
            assert "already exists" in stderr or "File exists" in stderr
    assert sorted(code for command, (_, code) in zip(words, ended, strict=True) if command[0] == "app") == [
        0,
        2,
    ]
    assert meshwright(repository, COMMANDS["generate"]).returncode == 0
    assert meshwright(repository, COMMANDS["generate check"]).returncode == 0
    assert not (repository / ".cache").exists()


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


def test_an_interrupt_ends_at_once_and_leaves_nothing(repository: Path) -> None:
    before = files(repository)
    command = [sys.executable, "-m", "meshwright", "check", "--no-cache", str(repository)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            process.communicate(timeout=1)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
            _, stderr = process.communicate(timeout=20)
            assert process.returncode in (130, 0, 1)
            assert "Traceback" not in stderr
    assert files(repository) == before


class _Ended(Exception):
    pass


@pytest.mark.parametrize("debug", ["", "1"])
def test_a_fault_of_our_own(debug: str, capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    def stop(code: int) -> None:
        raise _Ended(code)

    monkeypatch.setattr(os, "_exit", stop)
    monkeypatch.setenv(DEBUG, debug) if debug else monkeypatch.delenv(DEBUG, raising=False)
    with pytest.raises(_Ended, match="2"):
        ending.fail(KeyError("a\x1b]0;pwned\x07\n::error::b"))
    told = capsys.readouterr().err
    assert (
        ("Traceback" in told or "KeyError" in told.splitlines()[0]) if debug else len(told.splitlines()) == 1
    )
    assert told.splitlines()[-1].startswith("meshwright: KeyError: ")
    assert "https://github.com/meshwright/meshwright/issues" in told
    assert "\x1b" not in told


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(28, "No space left on device", "/a/b"), "/a/b: No space left on device; free some space"),
        (OSError(28, "No space left on device"), "No space left on device; free some space"),
        (PermissionError(13, "Permission denied", b"/a/\xff"), r"/a/\udcff: Permission denied"),
        (MemoryError(), "out of memory"),
        (RecursionError("deep"), "RecursionError: deep"),
    ],
)
def test_reasons(error: BaseException, said: str) -> None:
    assert ending.reason(error).startswith(said)
