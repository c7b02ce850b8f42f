"""A machine that lacks something, odd names, several commands at once: nothing is left half-done."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from security.surroundings import COMMANDS, FINDINGS, OWN_TOOLS, assert_one_line, files, findings, meshwright


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
            env={**os.environ, **OWN_TOOLS, "MESHWRIGHT_CACHE": str(repository.parent / "cache")},
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
